"""Invariants 3 and 8 over arbitrary lists."""

from __future__ import annotations

from datetime import timedelta

from hypothesis import given
from hypothesis import strategies as st

from schemas.findings import Finding, FindingState, Outcome, Urgency
from schemas.priorities import Priority
from streams.core.ranking import EMERGENCY_TIER, InTier, Placement, RankInput, place, rank
from streams.core.states import PathwayView
from tests.fakes.clock import START

PRIORITIES = st.sampled_from([Priority.STAT, Priority.HIGH, Priority.ROUTINE])
FINDINGS = st.builds(
    Finding,
    code=st.just("lvo"),
    state=st.sampled_from(FindingState),
    urgency=st.sampled_from(Urgency),
    reason=st.just(""),
)
OUTCOMES = st.one_of(
    st.none(),
    FINDINGS.map(Outcome.scored),
    st.just(Outcome.failed("x")),
    st.just(Outcome.not_applicable("y")),
)
VIEWS = st.lists(st.builds(PathwayView, st.just("stroke"), st.booleans(), OUTCOMES), max_size=3)
PLACEMENTS = st.builds(Placement, st.integers(0, 3), st.sampled_from(InTier), st.just("r"))
MINUTES = st.integers(0, 300)


def _row(number: int, placement: Placement, arrived: int, limit: int) -> RankInput:
    at = START + timedelta(minutes=arrived)
    return RankInput(f"c{number}", placement, at, at + timedelta(minutes=limit))


ROWS = st.lists(st.tuples(PLACEMENTS, MINUTES, st.integers(1, 120)), max_size=12).map(
    lambda items: [_row(number, *item) for number, item in enumerate(items)]
)


@given(PRIORITIES, VIEWS)
def test_no_model_lowers_a_human_priority(priority: Priority, views: list[PathwayView]) -> None:
    assert place(priority, views).tier <= place(priority, []).tier


@given(PRIORITIES)
def test_a_failure_ranks_above_a_negative_of_the_same_priority(priority: Priority) -> None:
    failed = place(priority, [PathwayView("stroke", True, Outcome.failed("x"))])
    negative = place(
        priority,
        [PathwayView("stroke", True, Outcome.scored(Finding(code="lvo", state=FindingState.NOT_DETECTED)))],
    )
    assert (failed.tier, failed.in_tier) < (negative.tier, negative.in_tier)


@given(ROWS, st.integers(0, 400), st.permutations(range(12)))
def test_the_order_does_not_depend_on_the_order_of_reading(rows: list[RankInput], minute: int, keys: list[int]) -> None:
    now = START + timedelta(minutes=minute)
    shuffled = [row for _, row in sorted(zip(keys, rows, strict=False), key=lambda pair: pair[0])]
    assert rank(rows, now) == rank(shuffled, now)


@given(ROWS, ROWS, st.integers(0, 300))
def test_nothing_but_an_emergency_passes_a_case_beyond_its_limit(
    rows: list[RankInput], arrivals: list[RankInput], minute: int
) -> None:
    """Whatever arrives after a case reached its limit stays behind it, unless it is an emergency finding."""
    now = START + timedelta(minutes=minute)
    overdue = {row.case_id for row in rows if now >= row.wait_limit_at}
    later = [
        RankInput(f"n{row.case_id}", row.placement, now + timedelta(seconds=1), now + timedelta(minutes=60))
        for row in arrivals
        if row.placement.tier != EMERGENCY_TIER
    ]
    order = [item.case_id for item in rank([*rows, *later], now + timedelta(seconds=2))]
    for new in later:
        assert all(order.index(old) < order.index(new.case_id) for old in overdue)


@given(ROWS, st.integers(0, 400))
def test_every_row_has_one_position_and_a_reason(rows: list[RankInput], minute: int) -> None:
    order = rank(rows, START + timedelta(minutes=minute))
    assert [item.position for item in order] == list(range(1, len(rows) + 1))
    assert {item.case_id for item in order} == {row.case_id for row in rows}
    assert all(item.reason for item in order)
