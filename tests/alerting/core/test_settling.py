"""The learnt settle time, rule by rule."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from alerting.core.settling import ENOUGH, LONGEST_S, Observation, settle_s

LAGS = st.lists(st.floats(0, 40), max_size=60)


def _of(lags: list[float], *, seen: bool = True) -> float:
    return settle_s([Observation(lag, seen) for lag in lags], start_s=5, least_s=1)


@pytest.mark.parametrize(
    ("lags", "expected"),
    [
        ([], 5),
        ([0.1] * (ENOUGH - 1), 5),
        ([0.1] * ENOUGH, 1),
        ([0.5] * ENOUGH, 1.5),
        ([2.0], 6),
        ([0.5] * 100 + [4.0], 12),
        ([30.0], LONGEST_S),
    ],
)
def test_three_times_the_longest_within_its_bounds(lags: list[float], expected: float) -> None:
    assert _of(lags) == pytest.approx(expected)


def test_one_in_a_thousand_may_be_longer() -> None:
    assert _of([1.0] * 999 + [19.0]) == pytest.approx(3)
    assert _of([1.0] * 998 + [19.0] * 2) == pytest.approx(57)


def test_a_message_not_seen_counts_with_the_time_it_was_looked_for() -> None:
    assert _of([4.0] * ENOUGH, seen=False) == pytest.approx(12)


@given(LAGS, st.floats(0, 40))
def test_a_longer_lag_never_shortens_the_wait_while_there_are_few(lags: list[float], more: float) -> None:
    longest = max([*lags, more])
    assert _of([*lags, more]) >= min(LONGEST_S, 3 * longest)
