"""A diameter becomes a finding: interval, chance of aneurysm size, urgency by the threshold table."""

from __future__ import annotations

import numpy as np
import pytest

from schemas.findings import Urgency
from tests.triton_models.builders import contract
from tests.triton_models.postprocessing.test_tube import tube
from triton_models.postprocessing import aorta
from triton_models.postprocessing.aaa_rules import threshold_for
from triton_models.prepared import Prepared

FACTS = {"origin_x_mm": -120.0, "origin_y_mm": -120.0, "origin_z_mm": 0.0, "spacing_mm": 2.5}


def reading(diameter_mm: float, sex: str = ""):  # type: ignore[no-untyped-def]
    outputs = {"probability": tube(diameter_mm, 0)[None, None]}
    return aorta.read(outputs, Prepared({}, None, FACTS), contract(), sex=sex)


@pytest.mark.parametrize(
    ("diameter", "sex", "urgency"),
    [
        (29.9, "", None),
        (30.0, "", Urgency.ROUTINE),
        (49.9, "F", Urgency.ROUTINE),
        (50.0, "F", Urgency.URGENT),
        (50.0, "M", Urgency.ROUTINE),
        (54.9, "", Urgency.ROUTINE),
        (55.0, "", Urgency.URGENT),
        (69.9, "M", Urgency.URGENT),
        (70.0, "F", Urgency.EMERGENCY),
    ],
)
def test_every_boundary_of_the_threshold_table(diameter: float, sex: str, urgency: Urgency | None) -> None:
    row = threshold_for(diameter, sex)
    assert (row.urgency if row else None) == urgency


@pytest.mark.parametrize(("diameter", "state"), [(20.0, "not_detected"), (30.4, "indeterminate"), (60.0, "detected")])
def test_the_state_follows_the_chance_of_aneurysm_size(diameter: float, state: str) -> None:
    assert reading(diameter).state == state


def test_a_wide_aneurysm_is_urgent_and_measured_with_an_interval() -> None:
    finding = reading(60.0)
    measured = finding.measurement("max_diameter_mm")
    assert finding.urgency is Urgency.URGENT
    assert measured is not None
    assert measured.value == pytest.approx(60.0, abs=2.0)
    assert measured.high - measured.low == pytest.approx(2 * 1.96 * 1.5, abs=0.3)


def test_the_measured_bias_is_taken_off() -> None:
    biased = contract(operating_point=contract().operating_point.__class__(
        name="b", detected_at=0.6, not_detected_below=0.4, target="t", sigma_mm=1.0, bias_mm=4.0))  # fmt: skip
    outputs = {"probability": tube(60.0, 0)[None, None]}
    finding = aorta.read(outputs, Prepared({}, None, FACTS), biased)
    assert finding.measurements[0].value == pytest.approx(56.0, abs=2.0)


def test_no_aorta_is_indeterminate_not_normal() -> None:
    outputs = {"probability": np.zeros((1, 1, 60, 96, 96), np.float32)}
    finding = aorta.read(outputs, Prepared({}, None, FACTS), contract())
    assert (finding.state, finding.reason) == ("indeterminate", "aorta not found")


def test_the_place_is_in_the_patients_millimetres() -> None:
    point = reading(60.0).location.point_lps_mm
    assert point is not None
    assert point[:2] == pytest.approx((0.0, 0.0), abs=2.0)
