"""Waiting times and what a failed look-up leads to."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from alerting.core.pages import PageEvent
from alerting.core.sending import SendKind, SendOutcome, after_failed_lookup, backoff_s, event_of, next_lookup_at

NOW = datetime(2026, 3, 1, tzinfo=UTC)


@given(st.integers(0, 10_000), st.floats(0, 1), st.none() | st.floats(0, 1e9))
def test_a_page_never_waits_longer_than_half_a_minute(tries: int, jitter: float, wish: float | None) -> None:
    assert 0 < backoff_s(tries, jitter=jitter, retry_after_s=wish) <= 30


def test_waiting_doubles_and_honours_the_providers_wish() -> None:
    assert [backoff_s(tries, jitter=1.0) for tries in (1, 2, 3)] == [0.5, 1.0, 2.0]
    assert backoff_s(1, jitter=0.0, retry_after_s=7.0) == 7.0


@pytest.mark.parametrize("kind", list(SendKind))
def test_every_outcome_is_an_event(kind: SendKind) -> None:
    assert event_of(SendOutcome(kind=kind, reason="x")) in PageEvent


@pytest.mark.parametrize(
    ("spent_s", "other_way", "event"),
    [
        (9.9, False, PageEvent.LOOKUP_FAILED),
        (9.9, True, PageEvent.LOOKUP_FAILED),
        (10.0, False, PageEvent.LOOKUP_EXHAUSTED),
        (10.0, True, PageEvent.GIVEN_UP),
    ],
)
def test_a_look_up_is_given_up_at_its_budget(spent_s: float, other_way: bool, event: PageEvent) -> None:
    now = NOW + timedelta(seconds=spent_s)
    assert after_failed_lookup(since=NOW, now=now, budget_s=10, other_way=other_way) is event


@given(st.floats(0, 20))
def test_the_next_look_is_not_after_the_budgets_end(spent_s: float) -> None:
    now = NOW + timedelta(seconds=spent_s)
    assert now <= next_lookup_at(since=NOW, now=now, budget_s=10) <= max(now, NOW + timedelta(seconds=10))
