"""What an attempt to send led to, and how long to wait before the next one.

Who calls it: the channels build ``SendOutcome``, the pager turns it into an event of the page. It never waits, never
draws a random number: jitter is an argument.
"""

from __future__ import annotations

import enum
from dataclasses import dataclass
from datetime import datetime, timedelta

from alerting.core.pages import PageEvent

_BACKOFF_FIRST_S = 0.5
_BACKOFF_LAST_S = 30.0
_LOOKUP_RETRY_S = 1.0


class SendKind(enum.StrEnum):
    """How an attempt ended, by what may be done next."""

    ACCEPTED = "accepted"
    RETRY_SAFE = "retry_safe"
    """Certainly not processed: sending again cannot double it."""
    AMBIGUOUS = "ambiguous"
    """Perhaps processed: look before sending again."""
    PERMANENT = "permanent"
    """Refused for good: another attempt gives the same answer."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SendOutcome:
    """Result of one attempt; ``reason`` is a short stable code for the history, logs and metrics."""

    kind: SendKind
    reason: str
    sid: str | None = None
    retry_after_s: float | None = None
    """The provider's own wish, in seconds."""


_EVENTS = {
    SendKind.ACCEPTED: PageEvent.ACCEPTED,
    SendKind.RETRY_SAFE: PageEvent.PUT_OFF,
    SendKind.AMBIGUOUS: PageEvent.IN_DOUBT,
    SendKind.PERMANENT: PageEvent.REJECTED,
}


def event_of(outcome: SendOutcome) -> PageEvent:
    """The event that an attempt's outcome is for its page."""
    return _EVENTS[outcome.kind]


def backoff_s(tries: int, *, jitter: float, retry_after_s: float | None = None) -> float:
    """Seconds until the next attempt: doubling from 0.5 s to 30 s, spread over half to full by ``jitter`` (0..1).

    The provider's own wish is a lower bound, but never beyond 30 s: a page must not sleep for an hour.
    """
    ceiling = min(_BACKOFF_LAST_S, _BACKOFF_FIRST_S * 2.0 ** min(max(tries - 1, 0), 10))
    spread = ceiling * (0.5 + 0.5 * jitter)
    return min(_BACKOFF_LAST_S, max(spread, retry_after_s or 0.0))


def after_failed_lookup(*, since: datetime, now: datetime, budget_s: float, other_way: bool) -> PageEvent:
    """Whether a page whose look-up failed is looked up again, given up for ``other_way``, or sent again and flagged."""
    if (now - since).total_seconds() < budget_s:
        return PageEvent.LOOKUP_FAILED
    return PageEvent.GIVEN_UP if other_way else PageEvent.LOOKUP_EXHAUSTED


def next_lookup_at(*, since: datetime, now: datetime, budget_s: float) -> datetime:
    """When to look again: in a second, but not after the budget's end."""
    return min(now + timedelta(seconds=_LOOKUP_RETRY_S), max(now, since + timedelta(seconds=budget_s)))
