"""Verdict and heat in, finding out: state by the operating point, side and place in the patient's own axes."""

from __future__ import annotations

import numpy as np
import pytest

from schemas.findings import Finding, Side
from tests.triton_models.builders import contract
from triton_models.postprocessing import stroke
from triton_models.prepared import Prepared, indeterminate

SHAPE = (1, 4, 12, 32, 32)
FACTS = {"origin_x_mm": -63.5, "origin_y_mm": -80.0, "origin_z_mm": -60.0} | {
    f"step_{step}_{axis}_mm": float(step == axis) for step in "zyx" for axis in "xyz"
}


def answer(channel: int, side: int, at: tuple[int, int, int], logit: float = 3.0) -> dict[str, np.ndarray]:
    """One suspected artery (side 0 is left) and one hot voxel; another artery is hotter on the other side."""
    heat = np.full(SHAPE, 0.01, np.float32)
    heat[0, channel, at[0], at[1], at[2]] = 0.7
    verdict = np.full((2, 4), -9.0, np.float32)
    verdict[side if channel < 3 else slice(None), channel] = logit
    return {"heat": heat, "verdict": verdict}


def read(outputs: dict[str, np.ndarray]) -> Finding:
    return stroke.read(outputs, Prepared({}, None, FACTS), contract())


@pytest.mark.parametrize(("logit", "state"), [(3.0, "detected"), (0.0, "indeterminate"), (-3.0, "not_detected")])
def test_the_operating_point_decides_the_state(logit: float, state: str) -> None:
    assert read(answer(1, 0, (6, 12, 20), logit)).state == state


@pytest.mark.parametrize(("side", "x", "said"), [(0, 22, Side.LEFT), (1, 9, Side.RIGHT)])
def test_left_is_the_patients_left(side: int, x: int, said: Side) -> None:
    location = read(answer(1, side, (6, 12, x))).location
    assert (location.side, location.segment) == (said, "M1")
    assert location.point_lps_mm is not None
    assert (location.point_lps_mm[0] > 0) is (said is Side.LEFT)


def test_the_place_lies_on_the_side_that_is_named() -> None:
    outputs = answer(1, 0, (6, 12, 20))
    outputs["heat"][0, 1, 6, 12, 5] = 0.99
    point = read(outputs).location.point_lps_mm
    assert point is not None
    assert point[0] > 0


def test_the_basilar_artery_has_no_side() -> None:
    finding = read(answer(3, 0, (5, 20, 17)))
    assert finding.location.side is Side.MIDLINE
    assert finding.reason == "occlusion, basilar"


def test_the_point_is_the_centre_of_the_heat_voxel() -> None:
    outputs = answer(0, 0, (5, 11, 20))
    outputs["heat"][outputs["heat"] < 0.5] = 0.0
    point = read(outputs).location.point_lps_mm
    assert point is not None
    assert np.allclose(point, (-63.5 + 81.5, -80 + 45.5, -60 + 54.5))


def test_block_and_patient_agree_whatever_way_the_head_was_turned() -> None:
    turned = FACTS | {"step_x_x_mm": 0.96, "step_x_y_mm": 0.28, "step_y_x_mm": -0.28, "step_y_y_mm": 0.96}
    x, y, z = -63.5 + 0.96 * 30 - 0.28 * 10, -80 + 0.28 * 30 + 0.96 * 10, -60.0 + 50.0
    assert np.allclose(stroke.block_point((x, y, z), turned), (50, 10, 30))


def test_every_artery_has_its_own_score() -> None:
    finding = read(answer(2, 1, (6, 12, 5)))
    scores = {m.name: m.value for m in finding.measurements}
    assert len(scores) == 7
    assert max(scores, key=lambda name: scores[name]) == "score_right_M2"


def test_only_a_detected_occlusion_is_an_emergency() -> None:
    assert read(answer(1, 0, (6, 9, 20), 3.0)).urgency == "emergency"
    assert read(answer(1, 0, (6, 9, 20), 0.0)).urgency == "routine"


def test_a_refused_head_is_indeterminate_with_its_reason() -> None:
    finding = stroke.read({}, indeterminate("no contrast", {}), contract())
    assert (finding.state, finding.reason, finding.score) == ("indeterminate", "no contrast", None)
    assert finding.model is not None
