"""What a scanner adds is what was asked for."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest

from triton_models.phantoms.scanner import Acquisition, acquired, acquisition_by_lot

CLEAN = Acquisition(thickness_mm=2.0, blur_mm=0.0, sharpen=0.0, noise_hu=0.0, grain_mm=0.0, streak_hu=0.0)
SPACING = (2.0, 2.0, 2.0)


def flat(hu: float = 40.0) -> np.ndarray:
    return np.full((20, 48, 48), hu, np.float32)


def edge() -> np.ndarray:
    hu = flat(-100.0)
    hu[:, :, 24:] = 60.0
    return hu


def image(hu: np.ndarray, **changes: float) -> np.ndarray:
    return acquired(hu, SPACING, dataclasses.replace(CLEAN, **changes), np.random.default_rng(3))


def test_a_clean_scanner_changes_nothing() -> None:
    assert np.array_equal(image(edge()), edge())


@pytest.mark.parametrize("grain", [0.0, 3.0])
def test_noise_is_as_strong_as_asked(grain: float) -> None:
    assert float((image(flat(), noise_hu=12.0, grain_mm=grain) - 40.0).std()) == pytest.approx(12.0, rel=0.1)


def test_thick_slices_come_back_as_equal_neighbours() -> None:
    ramp = flat() + np.arange(20, dtype=np.float32)[:, None, None]
    steps = np.diff(image(ramp, thickness_mm=6.0)[:, 0, 0])
    assert (steps == 0).sum() >= 10
    assert float(np.abs(image(ramp, thickness_mm=6.0) - ramp).max()) < 3.5


def test_blur_softens_and_a_sharp_kernel_overshoots() -> None:
    assert np.abs(np.diff(image(edge(), blur_mm=2.0)[5, 20])).max() < 160.0
    assert image(edge(), sharpen=0.8).max() > 60.0


def test_values_stay_within_what_a_scanner_can_say() -> None:
    assert image(flat(3000.0), noise_hu=500.0).max() <= 3071.0


def test_lots_differ() -> None:
    rng = np.random.default_rng(1)
    assert len({acquisition_by_lot(rng).noise_hu for _ in range(5)}) == 5
