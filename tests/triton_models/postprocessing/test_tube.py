"""The diameter is measured square to the vessel, whatever its course."""

from __future__ import annotations

import numpy as np
import pytest

from triton_models.phantoms.canvas import Canvas, Pose
from triton_models.phantoms.paint import Sampling
from triton_models.postprocessing.tube import trace

STEP = 2.5


def tube(diameter_mm: float, degrees: float) -> np.ndarray:
    """Voxel shares of a straight tube that leans by ``degrees``."""
    canvas = Canvas(Sampling((60, 96, 96), (STEP,) * 3), (0.0, 0.0, 0.0), Pose.from_degrees())
    z = np.arange(-20.0, 170.0, 1.5)
    lean = np.tan(np.deg2rad(degrees)) * (z - 75.0)
    return canvas.tube_share(np.stack([120 + lean, np.full_like(z, 120), z], 1), np.full_like(z, diameter_mm / 2))


@pytest.mark.parametrize("degrees", [0, 20, 40])
@pytest.mark.parametrize("diameter", [22.0, 45.0, 70.0])
def test_a_leaning_tube_is_not_measured_wider(diameter: float, degrees: float) -> None:
    found = trace(tube(diameter, degrees), STEP)
    assert found is not None
    assert float(np.median(found.inscribed_mm)) == pytest.approx(diameter, abs=1.2)


def test_the_longest_vessel_is_followed_not_a_stray_blob() -> None:
    share = tube(24.0, 0)
    share[20:24, 5:25, 5:25] = 1.0
    found = trace(share, STEP)
    assert found is not None
    assert float(found.inscribed_mm.max()) < 26.0


def test_a_leak_into_a_neighbour_does_not_widen_the_vessel() -> None:
    share = tube(24.0, 0)
    share[28:36, 46:49, 52:80] = 1.0
    found = trace(share, STEP)
    assert found is not None
    assert float(found.major_mm.max()) > 30.0
    assert float(found.inscribed_mm.max()) < 26.0


def test_nothing_segmented_is_no_tube() -> None:
    assert trace(np.zeros((20, 16, 16), np.float32), STEP) is None


def test_a_few_slices_are_no_tube() -> None:
    share = np.zeros((20, 32, 32), np.float32)
    share[5:8, 10:20, 10:20] = 1.0
    assert trace(share, STEP) is None
