"""A network that suspects everything is brought down to what is true, segment by segment."""

from __future__ import annotations

import numpy as np
import pytest

from triton_models.training.levels_stroke import _asked, _shift
from triton_models.training.store_stroke import NOBODY, Heads

pytestmark = pytest.mark.train


def heads(segment: list[int], lateral: list[int]) -> Heads:
    n = len(segment)
    return Heads(
        np.zeros((n, 2, 2, 2, 2), np.uint8), np.array(segment), np.array(lateral), np.zeros((n, 3), np.float32)
    )


@pytest.mark.parametrize("too_high", [-2.0, 0.0, 3.0])
def test_the_mean_chance_becomes_the_share_of_truth(too_high: float) -> None:
    rng = np.random.default_rng(1)
    truth = rng.random(4000) < 0.1
    logits = np.log(0.1 / 0.9) + too_high + np.zeros(4000)
    assert _shift(logits, truth) == pytest.approx(-too_high, abs=0.2)


def test_what_never_occurs_is_left_alone() -> None:
    assert _shift(np.zeros(5), np.zeros(5, bool)) == 0.0


def test_sides_are_asked_apart_and_the_basilar_artery_once() -> None:
    found, verdicts = heads([1, 3, NOBODY], [0, NOBODY, NOBODY]), np.arange(24.0).reshape(3, 2, 4)
    logits, truth = _asked(verdicts, found, 1)
    assert logits.tolist() == [1, 9, 17, 5, 13, 21]
    assert truth.tolist() == [True, False, False, False, False, False]
    logits, truth = _asked(verdicts, found, 3)
    assert logits.tolist() == [5, 13, 21]
    assert truth.tolist() == [False, True, False]
