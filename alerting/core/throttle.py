"""How many repeats one person may get: nobody answers a phone that never stops ringing.

Who calls it: ``alerting.pager.escalation``, for every page but the first of an incident, which is never delayed.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

REPEATS = 10
WINDOW = timedelta(minutes=5)


def due_at(recent: Sequence[datetime], *, first: bool, now: datetime) -> datetime:
    """When a page to a person may go out.

    Args:
        recent: when this person's earlier repeats were due, in any order (aware UTC).
        first: whether it is the first page of an incident to this person.
        now: aware UTC.
    """
    if first:
        return now
    within = sorted(at for at in recent if now - WINDOW < at <= now + WINDOW)
    return now if len(within) < REPEATS else max(now, within[-REPEATS] + WINDOW)
