"""Motion and late phase are measured, each on a block that shows nothing else."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from triton_models.preprocessing.adequacy import motion_mm, vein_level_hu
from triton_models.preprocessing.stroke import _inadequate
from triton_models.preprocessing.vessels import Contrast


def vault(jerk_mm: float, *, tilt: float = 0.3) -> np.ndarray:
    """A ring of bone that drifts evenly, and jerks every 6 mm."""
    rng = np.random.default_rng(1)
    jerks = np.repeat(rng.normal(0, jerk_mm, (10, 2)), 6, axis=0)
    planes = []
    for z, (x, y) in enumerate(jerks):
        plane = np.zeros((160, 160), np.float32)
        centre = (round(80 + tilt * z + x), round(80 + y))
        cv2.ellipse(plane, centre, (45, 60), 0, 0, 360, 1000.0, 5)
        planes.append(plane)
    return np.stack(planes)


def test_a_tilted_head_does_not_move_and_a_jerking_one_does() -> None:
    assert motion_mm(vault(0.0)) < 0.7
    assert motion_mm(vault(5.0)) > 1.5


def test_nothing_to_see_is_no_motion() -> None:
    assert motion_mm(np.zeros((60, 40, 40), np.float32)) == 0.0


def test_the_level_of_a_sinus_is_found_beside_bone() -> None:
    behind = np.full((120, 72, 30), 35.0, np.float32)
    behind[:, 60:] = 1000.0
    behind[20:100, 50:58, 11:19] = 230.0
    assert vein_level_hu(behind) == pytest.approx(230.0, abs=15)


@pytest.mark.parametrize(
    ("contrast", "veins_hu", "motion", "reason"),
    [
        (Contrast(300.0, 3.0), 200.0, 0.2, ""),
        (Contrast(300.0, 3.0), 200.0, 4.0, "motion"),
        (Contrast(180.0, 0.3), 80.0, 0.2, "no contrast"),
        (Contrast(180.0, 0.3), 240.0, 0.2, "wrong phase: veins fuller than arteries"),
        (Contrast(150.0, 2.0), 240.0, 0.2, "wrong phase: veins fuller than arteries"),
        (Contrast(200.0, 2.0), 260.0, 0.2, ""),
    ],
)
def test_the_reason_names_what_is_wrong(contrast: Contrast, veins_hu: float, motion: float, reason: str) -> None:
    assert _inadequate(contrast, veins_hu, motion) == reason
