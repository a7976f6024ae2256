"""Repeats are limited; the first page of an incident never waits."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from alerting.core.throttle import REPEATS, WINDOW, due_at

NOW = datetime(2026, 3, 1, tzinfo=UTC)
RECENT = st.lists(st.timedeltas(timedelta(hours=-1), timedelta(hours=1)).map(lambda ago: NOW + ago), max_size=60)


@given(RECENT)
def test_a_first_page_never_waits(recent: list[datetime]) -> None:
    assert due_at(recent, first=True, now=NOW) == NOW


@given(RECENT)
def test_a_repeat_is_never_early_and_waits_for_two_windows_at_most(recent: list[datetime]) -> None:
    assert NOW <= due_at(recent, first=False, now=NOW) <= NOW + 2 * WINDOW


@given(st.lists(st.timedeltas(timedelta(), WINDOW), min_size=1, max_size=2 * REPEATS))
def test_nobody_gets_more_than_ten_repeats_in_five_minutes(gaps: list[timedelta]) -> None:
    due: list[datetime] = []
    now = NOW
    for gap in gaps:
        now += gap
        due.append(due_at(due, first=False, now=now))
    assert all(sum(at - WINDOW < other <= at for other in due) <= REPEATS for at in due)


def test_the_eleventh_repeat_waits_until_the_first_is_five_minutes_old() -> None:
    recent = [NOW - timedelta(seconds=10 * index) for index in range(REPEATS)]
    assert due_at(recent[1:], first=False, now=NOW) == NOW
    assert due_at(recent, first=False, now=NOW) == min(recent) + WINDOW


def test_order_of_what_was_sent_does_not_matter() -> None:
    recent = [NOW - timedelta(seconds=index) for index in range(2 * REPEATS)]
    assert due_at(recent, first=False, now=NOW) == due_at(recent[::-1], first=False, now=NOW)
