"""Bone goes, vessels and small plaques stay, and brightness is told in units of the arteries."""

from __future__ import annotations

import numpy as np
import pytest

from triton_models.preprocessing.vessels import SLAB_MM, contrast_of, slabs, without_bone


def block(artery_hu: float = 300.0) -> np.ndarray:
    """Brain with an artery of 3 by 3 mm that runs across, and a thick plate of bone far from it."""
    hu = np.full((60, 128, 128), 35.0, np.float32)
    hu[30:33, 60:63, 24:104] = artery_hu
    hu[5:20, 20:110, 20:110] = 900.0
    return hu


def test_bone_is_taken_out_and_the_artery_stays() -> None:
    clean = without_bone(block(), 300.0)
    assert clean[5:20].max() < 100
    assert np.all(clean[30:33, 60:63, 24:104] == 300.0)


def test_a_plaque_does_not_cut_its_artery() -> None:
    hu = block()
    hu[30:32, 60:62, 60:62] = 1100.0
    assert without_bone(hu, 300.0)[30:33, 60:63, 55:70].min() >= 300.0


@pytest.mark.parametrize("artery_hu", [200.0, 320.0, 480.0])
def test_the_level_of_the_arteries_is_measured(artery_hu: float) -> None:
    hu = np.full((60, 128, 128), 35.0, np.float32)
    hu[:, 60:63, 50:53] = artery_hu
    found = contrast_of(hu)
    assert found.artery_hu == pytest.approx(artery_hu, abs=5)
    assert found.bright_ml == pytest.approx(0.54, abs=0.1)


def test_slabs_hold_the_brightest_voxel() -> None:
    found = slabs(block(), 300.0)
    assert found.shape == (2, 60 // SLAB_MM, 128, 128)
    assert found[0, 6, 61, 64] == 180
    assert found[0, 9].max() < 10
