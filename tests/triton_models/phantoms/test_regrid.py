"""Area averaging keeps means and places."""

from __future__ import annotations

import numpy as np

from triton_models.phantoms.regrid import regrid
from triton_models.volume import PAD_HU, VolumeGrid

GRID = VolumeGrid((2.0, 2.0, 2.0), (20, 20), 50)


def test_cells_are_the_mean_of_what_they_cover() -> None:
    hu = np.random.default_rng(1).integers(-500, 500, (40, 40, 40)).astype(np.int16)
    out = regrid(hu, GRID, spacing_mm=(1.0, 1.0, 1.0), origin_lps_mm=(0.0, 0.0, 0.0))
    wanted = hu.reshape(20, 2, 20, 2, 20, 2).mean(axis=(1, 3, 5))
    assert np.abs(out.hu - wanted).max() < 0.01
    assert out.origin_lps_mm == (0.5, 0.5, 0.5)


def test_what_the_source_does_not_cover_is_padding() -> None:
    out = regrid(np.zeros((8, 20, 20), np.int16), GRID, spacing_mm=(1.0, 1.0, 1.0), origin_lps_mm=(0, 0, 0))
    assert out.hu.shape == (4, 20, 20)
    assert np.all(out.hu[:, 0] == PAD_HU)
    assert np.all(out.hu[:, 10, 10] == 0)


def test_slices_are_counted_from_the_superior_end() -> None:
    hu = np.repeat(np.arange(200, dtype=np.int16), 16).reshape(200, 4, 4)
    grid = VolumeGrid((2.0, 1.0, 1.0), (4, 4), 10)
    out = regrid(hu, grid, spacing_mm=(1.0, 1.0, 1.0), origin_lps_mm=(0, 0, 0))
    assert out.hu[-1, 0, 0] == 198.5
    assert out.origin_lps_mm[2] == 180.5
