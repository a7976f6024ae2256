"""Who is on call at an instant, and when nobody is: the arithmetic of shifts.

Who calls it: ``alerting.rota`` with shifts read from calendars, and its check. All instants are aware UTC and all
stretches half open, ``[start, end)``: at a change-over exactly one of the two shifts counts. Nothing here reads a
calendar or a clock.
"""

from __future__ import annotations

from bisect import bisect_right
from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import pairwise


@dataclass(frozen=True, slots=True)
class Shift:
    """A person (by code) is on call from ``start`` until just before ``end``."""

    person: str
    start: datetime
    end: datetime

    def covers(self, now: datetime) -> bool:
        """Whether the shift runs at ``now``."""
        return self.start <= now < self.end


@dataclass(frozen=True, slots=True)
class Timeline:
    """Shifts as steps: from ``starts[i]`` on ``people[i]`` are on call; before the first and from ``end`` nobody."""

    starts: tuple[datetime, ...]
    people: tuple[tuple[str, ...], ...]
    end: datetime

    def at(self, now: datetime) -> tuple[str, ...]:
        """Return the codes of all who are on call at ``now``."""
        place = bisect_right(self.starts, now)
        return self.people[place - 1] if place and now < self.end else ()

    def next_change(self, now: datetime) -> datetime | None:
        """Return the first instant after ``now`` at which other people are on call; None where none is known."""
        place = bisect_right(self.starts, now)
        return self.starts[place] if place < len(self.starts) else None


@dataclass(frozen=True, slots=True)
class TierRota:
    """One tier of a team, the first being 1: people who are always there, and calendars."""

    team: str
    tier: int
    always: tuple[str, ...]
    calendars: tuple[Timeline, ...]


@dataclass(frozen=True, slots=True)
class Gap:
    """Nobody of a team's tier can be reached within ``[start, end)``."""

    team: str
    tier: int
    start: datetime
    end: datetime


def on_call(shifts: Iterable[Shift], overrides: Iterable[Shift], now: datetime) -> tuple[str, ...]:
    """Return the codes, in alphabetical order, of all who are on call at ``now``.

    Where an override covers the instant, the base does not count.
    """
    instead = {shift.person for shift in overrides if shift.covers(now)}
    return tuple(sorted(instead or {shift.person for shift in shifts if shift.covers(now)}))


def timeline(shifts: Iterable[Shift], overrides: Iterable[Shift], *, start: datetime, end: datetime) -> Timeline:
    """Turn shifts into steps within ``[start, end)``; at every instant of it ``Timeline.at`` equals ``on_call``."""
    base, above = _changes(shifts, start, end), _changes(overrides, start, end)
    on, instead = Counter[str](), Counter[str]()
    steps: list[tuple[datetime, tuple[str, ...]]] = []
    for instant in sorted({start, *base, *above}):
        on.update(base.get(instant, {}))
        instead.update(above.get(instant, {}))
        people = tuple(sorted(+instead or +on))
        if instant < end and (not steps or steps[-1][1] != people):
            steps.append((instant, people))
    return Timeline(tuple(at for at, _ in steps), tuple(people for _, people in steps), end)


def gaps(rotas: Iterable[TierRota], reachable: Collection[str], *, start: datetime, end: datetime) -> tuple[Gap, ...]:
    """Return every stretch of ``[start, end)`` in which a tier has nobody among ``reachable``, merged and in order.

    Exact: the instants looked at are those at which something changes.
    """
    return tuple(gap for rota in rotas for gap in _gaps_of(rota, reachable, start, end))


def _gaps_of(rota: TierRota, reachable: Collection[str], start: datetime, end: datetime) -> Iterator[Gap]:
    if any(person in reachable for person in rota.always):
        return
    opened: datetime | None = None
    for at, until in pairwise(_boundaries(rota.calendars, start, end)):
        if _covered(rota.calendars, reachable, at):
            opened = None
            continue
        opened = at if opened is None else opened
        if until == end or _covered(rota.calendars, reachable, until):
            yield Gap(rota.team, rota.tier, opened, until)


def _covered(calendars: Sequence[Timeline], reachable: Collection[str], at: datetime) -> bool:
    return any(person in reachable for calendar in calendars for person in calendar.at(at))


def _boundaries(calendars: Sequence[Timeline], start: datetime, end: datetime) -> list[datetime]:
    changes = {instant for calendar in calendars for instant in (*calendar.starts, calendar.end)}
    return sorted({start, end, *(instant for instant in changes if start < instant < end)})


def _changes(shifts: Iterable[Shift], start: datetime, end: datetime) -> Mapping[datetime, Counter[str]]:
    """Instant to the people who come (+1) and go (-1), clipped to the window."""
    found: dict[datetime, Counter[str]] = defaultdict(Counter)
    for shift in shifts:
        first, last = max(shift.start, start), min(shift.end, end)
        if first < last:
            found[first][shift.person] += 1
            found[last][shift.person] -= 1
    return found
