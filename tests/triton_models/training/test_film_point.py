"""The threshold keeps its sensitivity, also where half of the positive labels are wrong."""

from __future__ import annotations

import numpy as np
import pytest

from triton_models.postprocessing.score import calibrated
from triton_models.training.film_point import choose, falling, threshold
from triton_models.training.films import Film

pytestmark = pytest.mark.train
LEVELS = np.zeros((8, 8), np.uint8)


def scores(positives: int, negatives: int, seed: int = 1) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    raw = np.concatenate([rng.normal(2.5, 1, positives), rng.normal(0, 1, negatives)])
    return raw, np.arange(raw.size) < positives


def test_with_true_labels_nine_of_ten_positives_lie_above() -> None:
    raw, truth = scores(400, 400)
    assert (raw[truth] >= threshold(raw, truth, 0.0, sensitivity=0.9)).mean() == pytest.approx(0.9, abs=0.01)


def test_wrong_labels_do_not_drag_the_threshold_down() -> None:
    raw, truth = scores(400, 1200)
    labelled = truth | (np.arange(raw.size) >= 1200)
    blind, aware = (threshold(raw, labelled, wrong, sensitivity=0.9) for wrong in (0.0, 0.5))
    assert (raw[truth] >= aware).mean() == pytest.approx(0.9, abs=0.04)
    assert blind < aware - 1.0


def test_the_point_serves_the_group_that_needs_the_lower_threshold() -> None:
    raw, truth = scores(400, 1200)
    low, mined = raw - 2.0, truth | (np.arange(raw.size) >= 1200)
    films = [Film("children", bool(ill), "AP", LEVELS) for ill in truth]
    films += [Film("nih", bool(ill), "PA", LEVELS) for ill in mined]
    point = choose(films, np.concatenate([raw, low]), seed=1)
    assert 0.0 < point.not_detected_below <= point.detected_at < 1.0
    seen = np.array([calibrated(value, point) >= point.detected_at for value in low[truth]])
    assert seen.mean() == pytest.approx(0.9, abs=0.04)


def test_a_course_that_rises_is_levelled() -> None:
    assert falling(np.array([1.0, 0.7, 0.9, 0.2])).tolist() == pytest.approx([1.0, 0.8, 0.8, 0.2])
