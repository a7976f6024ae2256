"""A bright area that lies mostly inside the aorta is aorta; bone, and anything without contrast, is left alone."""

from __future__ import annotations

import numpy as np

from triton_models.postprocessing.lumen import with_lumen


def scene(lumen_hu: float) -> tuple[np.ndarray, np.ndarray]:
    hu = np.full((6, 60, 60), 0.0, np.float32)
    hu[:, 20:40, 20:40] = lumen_hu
    hu[:, 45:58, 5:55] = 340.0
    probability = np.zeros_like(hu)
    probability[:, 20:33, 20:40] = 0.97
    return probability, hu


def test_the_missed_part_of_an_enhanced_lumen_is_added() -> None:
    probability, hu = scene(300.0)
    raised = with_lumen(probability, hu)
    assert (raised[:, 20:40, 20:40] > 0.5).all()
    assert not (raised[:, 41:, :] > 0.5).any()
    assert float(probability.max(axis=(0, 2))[36]) == 0.0


def test_without_contrast_nothing_changes() -> None:
    probability, hu = scene(40.0)
    assert np.array_equal(with_lumen(probability, hu), probability)


def test_a_bright_area_mostly_outside_is_left_alone() -> None:
    probability, hu = scene(300.0)
    probability[:, 45:47, 5:55] = 0.97
    assert not (with_lumen(probability, hu)[:, 47:58, 5:55] > 0.5).any()
