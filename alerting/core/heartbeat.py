"""When the page that proves the path is due, and whether it arrived.

Who calls it: ``alerting.pager.heartbeat``. Pure. That the provider accepted it proves nothing: providers have reported
messages as sent that no phone ever got. It arrives when the phone network says that the phone has it.
"""

from __future__ import annotations

import enum
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from schemas.ids import event_id_of


class PathState(enum.StrEnum):
    """What the heartbeats say of the paging path."""

    UNKNOWN = "unknown"
    """None was due long enough ago."""
    PROVEN = "proven"
    """The newest one that is over arrived in time."""
    MISSED = "missed"


@dataclass(frozen=True, slots=True)
class Beat:
    """One heartbeat page: when it was made and when it arrived (aware UTC)."""

    made_at: datetime
    arrived_at: datetime | None


def beat_id(to: str, *, every_s: float, now: datetime) -> str:
    """The id of the heartbeat of this interval: all pagers name it alike, so that one is sent."""
    return event_id_of("heartbeat", to, f"{every_s:g}/{int(now.timestamp() // every_s)}")


def path_state(beats: Sequence[Beat], *, within_s: float, now: datetime) -> PathState:
    """Judge the path by the newest heartbeat that arrived or whose time is over.

    Args:
        beats: newest first.
        within_s: a heartbeat that takes longer is missed, even if it arrives after all: a page would have been late.
        now: aware UTC.
    """
    within = timedelta(seconds=within_s)
    for beat in beats:
        if beat.arrived_at is not None and beat.arrived_at - beat.made_at <= within:
            return PathState.PROVEN
        if beat.arrived_at is not None or now - beat.made_at > within:
            return PathState.MISSED
    return PathState.UNKNOWN


def age_s(beats: Sequence[Beat], now: datetime) -> float:
    """Seconds since the newest heartbeat that arrived was made; infinite where none did."""
    return min(((now - beat.made_at).total_seconds() for beat in beats if beat.arrived_at), default=float("inf"))
