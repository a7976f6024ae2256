"""A trunk drawn by lot holds the aorta that its mask says, in every phase."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import ndimage

from triton_models.phantoms.aneurysm import Aneurysm, AneurysmParameters, Shape, aneurysm_of
from triton_models.phantoms.canvas import Canvas, Pose
from triton_models.phantoms.paint import Sampling
from triton_models.phantoms.torso import Phase, TorsoParameters, draw_torso

STEP = 3.0


def trunk(phase: Phase, **changes: object) -> tuple[np.ndarray, np.ndarray, Aneurysm]:
    aorta = aneurysm_of(AneurysmParameters(4, Shape.FUSIFORM, 55.0, thrombus=0.5))
    canvas = Canvas(Sampling((100, 90, 90), (STEP,) * 3), (-133.5, -133.5, -60.0), Pose.from_degrees())
    share = draw_torso(canvas, TorsoParameters(4, phase, **changes), aorta)  # type: ignore[arg-type]
    return canvas.hu, share, aorta


@pytest.mark.parametrize(("phase", "low", "high"), [(Phase.NONE, 20, 75), (Phase.ARTERIAL, 150, 600)])
def test_the_lumen_shows_the_phase(phase: Phase, low: float, high: float) -> None:
    hu, _, aorta = trunk(phase)
    vessel, at = aorta.vessel, aorta.widest
    u, v = aorta.lumen_uv_mm[at]
    x, y, z = vessel.points_mm[at] + u * vessel.across[at] + v * vessel.along[at]
    value = hu[round((z + 60) / STEP), round((y + 133.5) / STEP), round((x + 133.5) / STEP)]
    assert low < value < high


def test_the_mask_has_the_volume_of_the_vessel() -> None:
    _, share, aorta = trunk(Phase.NONE)
    theta = 2 * np.pi / aorta.vessel.outer_mm.shape[1]
    inside = aorta.vessel.points_mm[:, 2] < 60.0 + 60.0
    areas = (aorta.vessel.outer_mm[inside] ** 2).sum(axis=1) * theta / 2
    wanted = float(areas.sum()) * aorta.vessel.step_mm / 1000.0
    found = float(share[:60].sum()) * STEP**3 / 1000.0
    assert found == pytest.approx(wanted, rel=0.1)


def test_bleeding_changes_the_surroundings_and_not_the_mask() -> None:
    plain, bled = trunk(Phase.NONE), trunk(Phase.NONE, bleeding=True)
    assert np.array_equal(plain[1], bled[1])
    assert float(np.abs(plain[0] - bled[0]).max()) > 50.0


def test_the_same_seed_gives_the_same_trunk() -> None:
    assert np.array_equal(trunk(Phase.PORTAL)[0], trunk(Phase.PORTAL)[0])


def test_fat_keeps_organs_off_the_aorta() -> None:
    hu, share, _ = trunk(Phase.NONE, lean=0.0)
    beside = ndimage.binary_dilation(share > 0.01) & (share < 0.01)
    assert float((hu[beside] < -30.0).mean()) > 0.5
