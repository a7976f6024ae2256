"""The deadline as an object."""

from __future__ import annotations

from datetime import timedelta

from hypothesis import given
from hypothesis import strategies as st

from schemas.ledger import Stage, attributed_share, seconds_by_stage
from streams.core.budget import Budget
from tests.fakes.clock import START

BUDGET = Budget(START, START + timedelta(seconds=60))


def test_remaining_time_counts_down_and_goes_below_zero() -> None:
    assert BUDGET.remaining_s(START + timedelta(seconds=50)) == 10
    assert BUDGET.remaining_s(START + timedelta(seconds=70)) == -10


def test_a_clock_that_steps_back_books_nothing() -> None:
    spent = BUDGET.spent(Stage.FETCH, START + timedelta(seconds=5))
    assert spent.spent(Stage.DECODE, START + timedelta(seconds=3)) is spent


def test_a_miss_is_predicted_before_it_happens() -> None:
    assert BUDGET.misses(START + timedelta(seconds=50), needed_s=11)
    assert not BUDGET.misses(START + timedelta(seconds=50), needed_s=9)


@given(st.lists(st.tuples(st.sampled_from(Stage), st.floats(0.001, 30)), min_size=1, max_size=12))
def test_spans_add_up_to_the_wall_time(steps: list[tuple[Stage, float]]) -> None:
    budget, now = BUDGET, START
    for stage, seconds in steps:
        now += timedelta(seconds=seconds)
        budget = budget.spent(stage, now)
    wall = (now - START).total_seconds()
    assert abs(sum(seconds_by_stage(budget.ledger).values()) - wall) < 1e-4
    assert attributed_share(budget.ledger, START, now) > 0.9999
