"""Heat in, finding out: state by the operating point, side and place in the patient's own axes."""

from __future__ import annotations

import numpy as np
import pytest

from schemas.findings import Side
from tests.triton_models.builders import contract
from triton_models.postprocessing import stroke
from triton_models.prepared import Prepared, indeterminate

SHAPE = (1, 4, 24, 32, 32)
FACTS = {"origin_x_mm": -95.0, "origin_y_mm": -80.0, "origin_z_mm": -60.0, "spacing_mm": 1.5, "midline_x_mm": 0.25}


def answer(channel: int, at: tuple[int, int, int], peak: float = 0.95) -> dict[str, np.ndarray]:
    heat = np.full(SHAPE, 0.01, np.float32)
    heat[0, channel, at[0], at[1], at[2]] = peak
    return {"heat": heat}


@pytest.mark.parametrize(("peak", "state"), [(0.95, "detected"), (0.5, "indeterminate"), (0.1, "not_detected")])
def test_the_operating_point_decides_the_state(peak: float, state: str) -> None:
    assert stroke.read(answer(1, (12, 12, 20), peak), Prepared({}, None, FACTS), contract()).state == state


@pytest.mark.parametrize(("x", "side"), [(22, Side.LEFT), (9, Side.RIGHT)])
def test_left_is_the_patients_left(x: int, side: Side) -> None:
    location = stroke.read(answer(1, (12, 12, x)), Prepared({}, None, FACTS), contract()).location
    assert (location.side, location.segment) == (side, "M1")


def test_the_basilar_artery_has_no_side() -> None:
    finding = stroke.read(answer(3, (12, 20, 17)), Prepared({}, None, FACTS), contract())
    assert finding.location.side is Side.MIDLINE
    assert finding.reason == "occlusion, basilar"


def test_the_point_is_the_centre_of_the_heat_voxel() -> None:
    point = stroke.read(answer(0, (10, 11, 20), 1.0), Prepared({}, None, FACTS), contract()).location.point_lps_mm
    assert point is not None
    wanted = (-95 + 1.5 * (4 * 20 + 1.5), -80 + 1.5 * (4 * 11 + 1.5), -60 + 1.5 * (4 * 10 + 1.5))
    assert np.allclose(point, wanted, atol=0.1)


def test_only_a_detected_occlusion_is_an_emergency() -> None:
    prepared = Prepared({}, None, FACTS)
    assert stroke.read(answer(1, (9, 9, 9), 0.95), prepared, contract()).urgency == "emergency"
    assert stroke.read(answer(1, (9, 9, 9), 0.5), prepared, contract()).urgency == "routine"


def test_a_refused_head_is_indeterminate_with_its_reason() -> None:
    finding = stroke.read({}, indeterminate("no contrast", {}), contract())
    assert (finding.state, finding.reason, finding.score) == ("indeterminate", "no contrast", None)
    assert finding.model is not None
