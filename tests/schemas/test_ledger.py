"""Ledger sums: what spans cover is counted once, clock steps lend no time."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from schemas.ledger import Span, Stage, attributed_share, seconds_by_stage

START = datetime(2026, 3, 1, tzinfo=UTC)


def _span(start_s: float, end_s: float, stage: Stage = Stage.FETCH) -> Span:
    return Span(stage=stage, start=START + timedelta(seconds=start_s), end=START + timedelta(seconds=end_s))


@given(st.lists(st.tuples(st.floats(-5, 15), st.floats(-5, 15)), max_size=8))
def test_the_share_lies_between_nothing_and_all(pairs: list[tuple[float, float]]) -> None:
    ledger = tuple(_span(a, b) for a, b in pairs)
    assert 0.0 <= attributed_share(ledger, START, START + timedelta(seconds=10)) <= 1.0


def test_overlapping_spans_are_counted_once() -> None:
    ledger = (_span(0, 4), _span(2, 6, Stage.DECODE), _span(8, 9))
    assert attributed_share(ledger, START, START + timedelta(seconds=10)) == 0.7


def test_a_hole_is_not_attributed() -> None:
    assert attributed_share((_span(0, 9),), START, START + timedelta(seconds=10)) == 0.9


def test_a_clock_step_lends_no_time() -> None:
    assert seconds_by_stage((_span(5, 2), _span(0, 1)))[Stage.FETCH] == 1.0
