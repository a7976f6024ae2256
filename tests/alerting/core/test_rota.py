"""Shifts, overrides and gaps, to the instant."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from alerting.core.rota import Gap, Shift, TierRota, gaps, on_call, timeline

T0 = datetime(2027, 3, 1, tzinfo=UTC)
MINUTES = 60
_MINUTE = timedelta(minutes=1)
END = T0 + MINUTES * _MINUTE


def at(minute: float) -> datetime:
    return T0 + timedelta(minutes=minute)


def shift(person: str, start: float, end: float) -> Shift:
    return Shift(person, at(start), at(end))


@st.composite
def shifts(draw: st.DrawFn) -> Shift:
    start = draw(st.integers(-10, MINUTES + 10))
    return shift(draw(st.sampled_from("abx")), start, start + draw(st.integers(1, 40)))


SHIFTS = st.lists(shifts(), max_size=6)


@pytest.mark.parametrize(
    ("minute", "expected"),
    [(-1 / 60, ()), (0, ("ann",)), (9, ("ann", "bob")), (10, ("bob",)), (15, ("cat",)), (20, ("bob",)), (25, ())],
)
def test_a_shift_counts_from_its_start_until_just_before_its_end(minute: float, expected: tuple[str, ...]) -> None:
    base, overrides = [shift("bob", 5, 25), shift("ann", 0, 10)], [shift("cat", 15, 20)]
    assert on_call(base, overrides, at(minute)) == expected
    assert timeline(base, overrides, start=T0 - _MINUTE, end=END).at(at(minute)) == expected


def test_the_next_change_is_the_next_instant_with_other_people() -> None:
    line = timeline([shift("ann", 0, 10), shift("ann", 10, 20), shift("bob", 20, 30)], [], start=T0, end=END)
    assert [line.next_change(at(minute)) for minute in (0, 19.9, 20, 30)] == [at(20), at(20), at(30), None]


def test_outside_its_window_a_timeline_knows_nobody() -> None:
    line = timeline([shift("ann", -5, MINUTES + 5)], [], start=T0, end=END)
    assert (line.at(T0 - _MINUTE), line.at(T0), line.at(END)) == ((), ("ann",), ())


@given(base=SHIFTS, overrides=SHIFTS)
def test_a_timeline_says_at_every_instant_what_its_shifts_say(base: list[Shift], overrides: list[Shift]) -> None:
    line = timeline(base, overrides, start=T0, end=END)
    for half in range(2 * MINUTES):
        assert line.at(at(half / 2)) == on_call(base, overrides, at(half / 2))


@given(base=SHIFTS, overrides=SHIFTS, other=SHIFTS)
def test_gaps_are_exactly_the_instants_at_which_nobody_can_be_reached(
    base: list[Shift], overrides: list[Shift], other: list[Shift]
) -> None:
    lines = (timeline(base, overrides, start=T0, end=END), timeline(other, [], start=T0, end=END))
    found = gaps([TierRota("stroke", 1, (), lines)], {"a", "b"}, start=T0, end=END)
    for minute in range(MINUTES):
        there = {*on_call(base, overrides, at(minute)), *on_call(other, [], at(minute))} & {"a", "b"}
        assert any(gap.start <= at(minute) < gap.end for gap in found) is not bool(there)
    assert all(one.end < two.start for one, two in pairwise(found))


def test_a_person_who_is_always_there_leaves_no_gap() -> None:
    assert gaps([TierRota("stroke", 1, ("ann",), ())], {"ann"}, start=T0, end=END) == ()


@pytest.mark.parametrize("always", [(), ("unknown",)])
def test_a_tier_of_nobody_is_one_gap(always: tuple[str, ...]) -> None:
    found = gaps([TierRota("stroke", 2, always, ())], {"ann"}, start=T0, end=END)
    assert found == (Gap("stroke", 2, T0, END),)


def test_the_time_beyond_what_a_calendar_was_read_for_is_a_gap() -> None:
    line = timeline([shift("ann", 0, 100)], [], start=T0, end=at(40))
    assert gaps([TierRota("s", 1, (), (line,))], {"ann"}, start=T0, end=END) == (Gap("s", 1, at(40), END),)
