"""Pneumonia re-ranks and never pages: its urgency is routine whatever the score."""

from __future__ import annotations

import numpy as np
import pytest

from schemas.findings import Side, Urgency
from tests.triton_models.builders import contract
from triton_models.postprocessing import chest
from triton_models.prepared import Prepared


def answer(logit: float, at: tuple[int, int] = (12, 3)) -> dict[str, np.ndarray]:
    heat = np.zeros((1, 1, 16, 16), np.float32)
    heat[0, 0, at[0], at[1]] = 0.9
    return {"logit": np.array([[logit]], np.float32), "heat": heat}


@pytest.mark.parametrize(("logit", "state"), [(3.0, "detected"), (0.0, "indeterminate"), (-3.0, "not_detected")])
def test_the_operating_point_decides_and_the_urgency_stays_routine(logit: float, state: str) -> None:
    finding = chest.read(answer(logit), Prepared({}), contract())
    assert (finding.state, finding.urgency) == (state, Urgency.ROUTINE)


@pytest.mark.parametrize(
    ("at", "side", "zone"),
    [((2, 3), Side.RIGHT, "upper zone"), ((8, 12), Side.LEFT, "middle zone"), ((15, 3), Side.RIGHT, "lower zone")],
)
def test_the_pictures_left_is_the_patients_right(at: tuple[int, int], side: Side, zone: str) -> None:
    location = chest.read(answer(3.0, at), Prepared({}), contract()).location
    assert (location.side, location.segment) == (side, zone)
