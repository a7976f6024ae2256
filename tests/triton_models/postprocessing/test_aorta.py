"""A diameter becomes a finding: interval, chance of aneurysm size, urgency, and what coverage forbids to say."""

from __future__ import annotations

import numpy as np
import pytest

from schemas.findings import Finding, Urgency
from tests.triton_models.builders import contract
from tests.triton_models.postprocessing.test_section import tube
from triton_models.contracts import OperatingPoint
from triton_models.phantoms.canvas import Canvas, Pose
from triton_models.phantoms.paint import Sampling
from triton_models.postprocessing import aorta
from triton_models.prepared import Prepared

FACTS = {
    "origin_x_mm": -112.0,
    "origin_y_mm": -112.0,
    "origin_z_mm": 0.0,
    "spacing_mm": 2.0,
    "low_z_mm": -100.0,
    "hiatus_z_mm": 160.0,
}


def reading(diameter_mm: float, sex: str = "", point: OperatingPoint | None = None, **facts: float) -> Finding:
    outputs = {"probability": tube(diameter_mm, 0)[None, None]}
    chosen = contract(operating_point=point) if point else contract()
    return aorta.read(outputs, Prepared({}, None, FACTS | facts), chosen, sex=sex)


@pytest.mark.parametrize(("diameter", "state"), [(20.0, "not_detected"), (30.0, "indeterminate"), (60.0, "detected")])
def test_the_state_follows_the_chance_of_aneurysm_size(diameter: float, state: str) -> None:
    assert reading(diameter).state == state


def test_a_wide_aneurysm_is_urgent_and_measured_with_an_interval() -> None:
    finding = reading(60.0)
    measured = finding.measurement("max_diameter_mm")
    assert finding.urgency is Urgency.URGENT
    assert "ESC 2024" in finding.reason
    assert measured is not None
    assert measured.value == pytest.approx(60.0, abs=1.0)
    assert measured.high is not None
    assert measured.low is not None
    assert measured.high - measured.low == pytest.approx(2 * 1.96 * 1.5, abs=0.3)


def test_both_the_square_and_the_axial_diameter_are_reported() -> None:
    names = {item.name for item in reading(60.0).measurements}
    assert {"max_diameter_mm", "min_diameter_mm", "axial_diameter_mm", "plane_obliquity_deg"} <= names


def test_the_measured_bias_is_taken_off() -> None:
    point = OperatingPoint(name="b", detected_at=0.6, not_detected_below=0.4, target="t", sigma_mm=1.0, bias_mm=4.0)
    assert reading(60.0, point=point).measurements[0].value == pytest.approx(56.0, abs=1.0)


def test_a_doubtful_wall_widens_the_interval() -> None:
    sure = OperatingPoint(name="b", detected_at=0.6, not_detected_below=0.4, target="t", sigma_mm=1.0)
    unsure = OperatingPoint(
        name="b", detected_at=0.6, not_detected_below=0.4, target="t", sigma_mm=1.0, sigma_per_doubt=50.0
    )
    widths = [m.high - m.low for m in (reading(60.0, point=p).measurements[0] for p in (sure, unsure))]  # type: ignore[operator]
    assert widths[1] > widths[0]


def test_a_scan_that_ends_above_the_bifurcation_cannot_be_called_normal() -> None:
    finding = reading(20.0, low_z_mm=-2.0)
    assert (finding.state, "bifurcation" in finding.reason) == ("indeterminate", True)


def test_too_short_a_piece_cannot_be_called_normal() -> None:
    finding = reading(20.0, hiatus_z_mm=70.0)
    assert (finding.state, "mm of the abdominal aorta" in finding.reason) == ("indeterminate", True)


def test_an_aneurysm_in_a_cut_scan_is_still_one() -> None:
    assert reading(60.0, low_z_mm=-2.0).state == "detected"


def test_no_aorta_is_indeterminate_not_normal() -> None:
    outputs = {"probability": np.zeros((1, 1, 60, 96, 96), np.float32)}
    finding = aorta.read(outputs, Prepared({}, None, FACTS), contract())
    assert (finding.state, finding.reason) == ("indeterminate", "aorta not found")


def test_the_place_is_in_the_patients_millimetres() -> None:
    point = reading(60.0).location.point_lps_mm
    assert point is not None
    assert point[:2] == pytest.approx((0.0, 0.0), abs=2.0)


def uneven(heights_mm: list[float], diameters_mm: list[float]) -> dict[str, np.ndarray]:
    """The model's answer for an upright tube whose diameter changes with its height."""
    canvas = Canvas(Sampling((100, 112, 112), (2.0,) * 3), (0.0, 0.0, 0.0), Pose.from_degrees())
    z = np.arange(10.0, 195.0, 1.5)
    points = np.stack([np.full_like(z, 112.0), np.full_like(z, 112.0), z], 1)
    return {"probability": canvas.tube_share(points, np.interp(z, heights_mm, diameters_mm) / 2)[None, None]}


def diameter_of(outputs: dict[str, np.ndarray]) -> Finding:
    return aorta.read(outputs, Prepared({}, None, FACTS | {"hiatus_z_mm": 185.0}), contract())


def test_the_wider_aorta_above_the_renal_arteries_is_not_what_is_reported() -> None:
    finding = diameter_of(uneven([0, 120, 150, 200], [20, 20, 26, 26]))
    assert finding.measurements[0].value == pytest.approx(20.0, abs=1.0)


def test_an_aneurysm_above_the_renal_arteries_is_found() -> None:
    finding = diameter_of(uneven([0, 120, 150, 200], [20, 20, 44, 44]))
    assert finding.state == "detected"
    assert finding.measurements[0].value == pytest.approx(44.0, abs=1.5)


def test_two_arteries_side_by_side_at_the_fork_are_no_wide_aorta() -> None:
    outputs = uneven([0, 200], [18, 18])
    plane = outputs["probability"][0, 0]
    plane[5:12] = np.maximum(plane[5:12], np.roll(plane[5:12], 9, axis=2))
    assert diameter_of(outputs).measurements[0].value < 26.0


def test_an_aneurysm_that_reaches_the_fork_is_measured() -> None:
    finding = diameter_of(uneven([0, 40, 90, 200], [48, 48, 20, 20]))
    assert finding.measurements[0].value == pytest.approx(48.0, abs=1.5)


@pytest.mark.parametrize("shoulder_mm", [6.0, 14.0])
def test_the_sharp_shoulder_of_a_wide_aneurysm_is_no_fork(shoulder_mm: float) -> None:
    finding = diameter_of(uneven([0, 30, 30 + shoulder_mm, 90, 90 + shoulder_mm, 200], [20, 20, 72, 72, 19, 19]))
    assert finding.measurements[0].value == pytest.approx(72.0, abs=2.0)
