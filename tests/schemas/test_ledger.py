"""Ledger sums: what spans cover is counted once, clock steps lend no time."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.ledger import Span, Stage, attributed_share, seconds_by_stage

WHOLE_SECONDS = st.lists(st.tuples(st.integers(-5, 15), st.integers(-5, 15)), max_size=8)
START = datetime(2026, 3, 1, tzinfo=UTC)


def _span(start_s: float, end_s: float, stage: Stage = Stage.FETCH) -> Span:
    return Span(stage=stage, start=START + timedelta(seconds=start_s), end=START + timedelta(seconds=end_s))


@given(st.lists(st.tuples(st.floats(-5, 15), st.floats(-5, 15)), max_size=8))
def test_the_share_lies_between_nothing_and_all(pairs: list[tuple[float, float]]) -> None:
    ledger = tuple(_span(a, b) for a, b in pairs)
    assert 0.0 <= attributed_share(ledger, START, START + timedelta(seconds=10)) <= 1.0


@given(WHOLE_SECONDS)
def test_the_share_is_the_share_of_seconds_that_any_span_covers(pairs: list[tuple[int, int]]) -> None:
    ledger = tuple(_span(a, b) for a, b in pairs)
    covered = {second for a, b in pairs for second in range(a, b)} & set(range(10))
    assert attributed_share(ledger, START, START + timedelta(seconds=10)) == pytest.approx(len(covered) / 10)


@given(WHOLE_SECONDS, st.randoms(use_true_random=False))
def test_the_order_of_spans_changes_nothing(pairs: list[tuple[int, int]], chance: Random) -> None:
    ledger = [_span(a, b) for a, b in pairs]
    mixed = list(ledger)
    chance.shuffle(mixed)
    until = START + timedelta(seconds=10)
    assert attributed_share(tuple(mixed), START, until) == attributed_share(tuple(ledger), START, until)


@given(st.lists(st.tuples(st.sampled_from(Stage), st.integers(-5, 15), st.integers(-5, 15)), max_size=8))
def test_the_sums_of_the_stages_are_the_sum_of_the_spans(rows: list[tuple[Stage, int, int]]) -> None:
    ledger = tuple(_span(a, b, stage) for stage, a, b in rows)
    sums = seconds_by_stage(ledger)
    assert sum(sums.values()) == sum(max(0, b - a) for _, a, b in rows)
    assert set(sums) == {stage for stage, _, _ in rows}


def test_a_case_that_took_no_time_is_wholly_attributed() -> None:
    assert attributed_share((), START, START) == 1.0


def test_overlapping_spans_are_counted_once() -> None:
    ledger = (_span(0, 4), _span(2, 6, Stage.DECODE), _span(8, 9))
    assert attributed_share(ledger, START, START + timedelta(seconds=10)) == 0.7


def test_a_hole_is_not_attributed() -> None:
    assert attributed_share((_span(0, 9),), START, START + timedelta(seconds=10)) == 0.9


def test_a_clock_step_lends_no_time() -> None:
    assert seconds_by_stage((_span(5, 2), _span(0, 1)))[Stage.FETCH] == 1.0
