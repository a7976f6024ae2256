"""The thresholds keep the sensitivity of whoever is surely ill; text-mined labels do not move them."""

from __future__ import annotations

import numpy as np
import pytest

from schemas.findings import FindingState
from triton_models.postprocessing.score import calibrated, state_of
from triton_models.training.film_point import choose
from triton_models.training.films import Film

pytestmark = pytest.mark.train
LEVELS = np.zeros((8, 8), np.uint8)
RNG = np.random.default_rng(1)


def films(source: str, ill: bool, count: int) -> list[Film]:
    return [Film(source, ill, "AP", LEVELS)] * count


CHILDREN = films("children", True, 200) + films("children", False, 200)
CHILD_RAW = np.concatenate([RNG.normal(2.5, 1, 200), RNG.normal(0, 1, 200)])
COVID, COVID_RAW = films("covid", True, 200), RNG.normal(1.0, 1, 200)
MINED = films("nih", True, 100) + films("nih", False, 100)
MINED_RAW = RNG.normal(-1, 1, 200)


def test_nine_of_ten_of_the_group_with_the_lower_scores_are_detected() -> None:
    point = choose(CHILDREN + COVID + MINED, np.concatenate([CHILD_RAW, COVID_RAW, MINED_RAW]), seed=1)
    states = [state_of(calibrated(value, point), point) for value in COVID_RAW]
    assert states.count(FindingState.DETECTED) / len(states) == pytest.approx(0.9, abs=0.01)
    assert 0.0 < point.not_detected_below <= point.detected_at < 1.0


def test_text_mined_labels_do_not_move_the_threshold() -> None:
    with_them = choose(CHILDREN + MINED, np.concatenate([CHILD_RAW, MINED_RAW]), seed=1)
    detected = [calibrated(value, with_them) >= with_them.detected_at for value in CHILD_RAW[:200]]
    assert np.mean(detected) == pytest.approx(0.9, abs=0.01)


def test_a_source_without_negatives_does_not_calibrate() -> None:
    without = choose(CHILDREN, CHILD_RAW, seed=1)
    with_it = choose(CHILDREN + COVID, np.concatenate([CHILD_RAW, COVID_RAW]), seed=1)
    assert (with_it.slope, with_it.intercept) == (without.slope, without.intercept)
