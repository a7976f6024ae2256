"""The diameter is measured square to the vessel, whatever its course and its neighbours."""

from __future__ import annotations

import numpy as np
import pytest

from triton_models.phantoms.aneurysm import AneurysmParameters, Shape, aneurysm_of
from triton_models.phantoms.canvas import Canvas, Pose
from triton_models.phantoms.paint import Sampling
from triton_models.phantoms.vessel import depth_mm, nearness
from triton_models.postprocessing.section import Sections, measure

STEP = 2.0
MIDDLE = 80.0


def tube(diameter_mm: float, degrees: float, slices: int = 80) -> np.ndarray:
    """Voxel shares of a straight tube that leans by ``degrees``."""
    canvas = Canvas(Sampling((slices, 112, 112), (STEP,) * 3), (0.0, 0.0, 0.0), Pose.from_degrees())
    along = np.arange(-320.0, 320.0, 1.5)
    x = 112 + np.sin(np.deg2rad(degrees)) * along
    z = MIDDLE + np.cos(np.deg2rad(degrees)) * along
    return canvas.tube_share(np.stack([x, np.full_like(z, 112), z], 1), np.full_like(z, diameter_mm / 2))


def drawn(parameters: AneurysmParameters) -> tuple[np.ndarray, float]:
    """Voxel shares of an aorta drawn by lot, and its largest diameter."""
    aorta = aneurysm_of(parameters)
    canvas = Canvas(Sampling((110, 120, 120), (STEP,) * 3), (-119.0, -119.0, -20.0), Pose.from_degrees())
    box, places = canvas.places_near(aorta.vessel.points_mm, 60.0)
    share = np.zeros(canvas.hu.shape, np.float32)
    depth = depth_mm(aorta.vessel, nearness(aorta.vessel, places))
    share[box] = np.clip(depth / STEP + 0.5, 0.0, 1.0).reshape(share[box].shape)
    return share, aorta.diameter_mm


def middle(found: Sections | None) -> slice:
    assert found is not None
    quarter = len(found.major_mm) // 4
    return slice(quarter, -quarter)


@pytest.mark.parametrize("degrees", [0, 30, 60])
@pytest.mark.parametrize("diameter", [20.0, 45.0])
def test_a_leaning_tube_is_not_measured_wider(diameter: float, degrees: float) -> None:
    found = measure(tube(diameter, degrees), STEP)
    part = middle(found)
    assert found is not None
    assert float(np.median(found.major_mm[part])) == pytest.approx(diameter, abs=0.6)
    assert float(np.median(found.minor_mm[part])) == pytest.approx(diameter, abs=0.8)


def test_the_transverse_slice_shows_a_leaning_tube_wider() -> None:
    found = measure(tube(30.0, 45.0), STEP)
    assert found is not None
    assert float(np.median(found.axial_mm[middle(found)])) == pytest.approx(30.0 / np.cos(np.deg2rad(45)), abs=2.5)


@pytest.mark.parametrize("shape", [Shape.FUSIFORM, Shape.SACCULAR])
@pytest.mark.parametrize("lean", [0.0, 40.0])
def test_an_aneurysm_of_known_size_is_measured(shape: Shape, lean: float) -> None:
    share, truth = drawn(AneurysmParameters(7, shape, 48.0, obliquity_deg=lean))
    found = measure(share, STEP)
    assert found is not None
    assert float(found.major_mm[4:-4].max()) == pytest.approx(truth, abs=1.5)


def test_the_longest_vessel_is_followed_not_a_stray_blob() -> None:
    share = tube(24.0, 0)
    share[20:30, 5:25, 5:25] = 1.0
    found = measure(share, STEP)
    assert found is not None
    assert float(found.major_mm[4:-4].max()) < 26.0


def test_a_vein_that_touches_hardly_widens_the_vessel() -> None:
    share = tube(24.0, 0)
    share[28:32, 55:58, 60:90] = 1.0
    found = measure(share, STEP)
    assert found is not None
    assert float(found.major_mm[4:-4].max()) < 27.5


def test_a_blurred_wall_is_told() -> None:
    sharp, soft = tube(30.0, 0), tube(30.0, 0)
    for _ in range(4):
        soft = (soft + np.roll(soft, 1, 1) + np.roll(soft, -1, 1) + np.roll(soft, 1, 2) + np.roll(soft, -1, 2)) / 5
    one, two = measure(sharp, STEP), measure(soft.astype(np.float32), STEP)
    assert one is not None
    assert two is not None
    assert float(np.median(two.soft_mm)) > float(np.median(one.soft_mm)) + 0.5


def test_nothing_segmented_is_no_vessel() -> None:
    assert measure(np.zeros((20, 16, 16), np.float32), STEP) is None


def test_a_few_slices_are_no_vessel() -> None:
    share = np.zeros((20, 32, 32), np.float32)
    share[5:8, 10:20, 10:20] = 1.0
    assert measure(share, STEP) is None
