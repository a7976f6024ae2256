"""The token bucket: the rate is kept in the long run, and a first page never waits."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from alerting.core.pacing import Bucket, Pace, Turn, take

PACE = Pace(per_s=1.0, burst=2.0)
GAPS = st.lists(st.floats(0, 5), min_size=1, max_size=60)


def _take(bucket: Bucket, now_s: float, *, first: bool = False, patience_s: float = 0.0) -> Turn:
    return take(bucket, PACE, now_s=now_s, first=first, patience_s=patience_s)


@given(st.floats(-1000, 2), st.floats(0, 1000))
def test_a_first_page_never_waits_whatever_the_debt(tokens: float, now_s: float) -> None:
    turn = _take(Bucket(tokens, 0.0), now_s, first=True)
    assert (turn.granted, turn.wait_s) == (True, 0.0)


@given(GAPS)
def test_repeats_keep_to_the_rate(gaps: list[float]) -> None:
    bucket, now_s, granted = Bucket(PACE.burst, 0.0), 0.0, 0
    for gap in gaps:
        now_s += gap
        turn = _take(bucket, now_s)
        bucket, granted = turn.bucket, granted + turn.granted
    assert granted <= PACE.burst + now_s * PACE.per_s + 1e-6


def test_the_debt_of_first_pages_is_paid_by_repeats() -> None:
    bucket = Bucket(2.0, 0.0)
    for _ in range(5):
        bucket = _take(bucket, 0.0, first=True).bucket
    assert _take(bucket, 0.0).wait_s == pytest.approx(4.0)
    assert _take(bucket, 4.0).granted


def test_a_refusal_takes_nothing() -> None:
    turn = _take(Bucket(0.0, 0.0), 0.0)
    assert (turn.granted, turn.wait_s, turn.bucket) == (False, 1.0, Bucket(0.0, 0.0))


def test_a_wait_within_patience_keeps_its_place() -> None:
    first = _take(Bucket(0.0, 0.0), 0.0, patience_s=1.0)
    second = _take(first.bucket, 0.0, patience_s=1.0)
    assert (first.granted, first.wait_s) == (True, 1.0)
    assert (second.granted, second.wait_s) == (False, 2.0)


def test_a_clock_that_stands_still_or_steps_back_gives_no_tokens() -> None:
    assert not _take(Bucket(0.0, 100.0), 0.0).granted
