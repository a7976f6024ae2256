"""Calibration stays finite and ordered; the thresholds include their own value."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.triton_models.builders import POINT
from triton_models.postprocessing.score import calibrated, logit, state_of


@given(st.floats(-1e6, 1e6))
def test_a_score_is_a_probability(raw: float) -> None:
    assert 0.0 <= calibrated(raw, POINT) <= 1.0


@given(st.floats(0, 1), st.floats(0, 1))
def test_more_raw_is_never_less_score(a: float, b: float) -> None:
    low, high = sorted((a, b))
    assert calibrated(logit(low), POINT) <= calibrated(logit(high), POINT)


@pytest.mark.parametrize(
    ("score", "state"),
    [(0.6, "detected"), (0.599, "indeterminate"), (0.4, "indeterminate"), (0.399, "not_detected")],
)
def test_the_boundaries_belong_to_the_upper_state(score: float, state: str) -> None:
    assert state_of(score, POINT) == state
