"""Who is on call, by calendars and settings: the roster of the pager, the decider, the board and the command line.

Who calls it: a composition root, which awaits ``refresh_round`` once at the start and then as a duty. Asking
(``tiers``) only looks into memory: no calendar that is away, wrong or hostile can hold up a page. A role without
``fetch`` reads the copies that the pagers keep and asks no server.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final

import structlog

from alerting.core.contacts import Contact
from alerting.core.rota import Gap, TierRota, Timeline, gaps, timeline
from alerting.roster import StaticRoster
from alerting.rota.copies import Copies
from alerting.rota.fetching import fetch as fetch_calendar
from alerting.rota.isolation import read_isolated
from alerting.rota.occurrences import Problem
from alerting.rota.people import People, shifts_of
from alerting.rota.source import CalendarSource, Fetch, Read, Window
from alerting.settings import CALENDAR, PagingSettings
from schemas.errors import TransientError

_log = structlog.get_logger(__name__)
BEFORE, AHEAD = timedelta(days=1), timedelta(days=32)
_SLACK = timedelta(hours=12)
OVERRIDES: Final = "/overrides"
_NO_CALENDAR = Timeline((), (), datetime.min.replace(tzinfo=UTC))


@dataclass(frozen=True, slots=True)
class CalendarAge:
    """How old a calendar's copy is.

    Attributes:
        name: as in the settings, with ``/overrides`` for the second calendar.
        age_s: seconds since its source last confirmed it; None where there is no copy.
        stale: there is no copy, or it is older than ``stale_after_s``.
        error: why the last check failed; empty where it went well.
        checked_at: when the source was last asked.
        zone: of its times without a zone.
    """

    name: str
    age_s: float | None
    stale: bool
    error: str
    checked_at: datetime | None
    zone: str


@dataclass(frozen=True, slots=True)
class CalendarProblem:
    """An event of a calendar that was not used, or not wholly."""

    calendar: str
    problem: Problem


class CalendarRoster:
    """Implements ``Roster`` and ``Directory`` (``alerting.core.contacts``)."""

    def __init__(
        self,
        settings: PagingSettings,
        *,
        copies: Copies | None,
        fetch: Fetch | None = fetch_calendar,
        read: Read = read_isolated,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._settings, self._copies, self._fetch, self._read, self._clock = settings, copies, fetch, read, clock
        self._directory = StaticRoster(settings)
        self._people = People.of(settings.contacts)
        self._sources = {source.name: source for source in _sources(settings)}
        self._timelines: dict[str, Timeline] = {}
        self._problems: tuple[CalendarProblem, ...] = ()
        self._built_from: tuple[object, ...] = ()

    def tiers(self, team: str, now: datetime) -> tuple[tuple[Contact, ...], ...]:
        """Return the tiers of ``team`` at ``now`` (aware UTC), the first to be paged first; empty where nobody is."""
        given = self._settings.teams.get(team)
        return tuple(self._on_call(entries, now) for entries in given.tiers) if given else ()

    def contact(self, code: str) -> Contact | None:
        """Return the person with this code."""
        return self._directory.contact(code)

    def with_number(self, number: str) -> Sequence[Contact]:
        """Return everybody who is reached at this number (E.164)."""
        return self._directory.with_number(number)

    def next_change(self, team: str, now: datetime) -> datetime | None:
        """Return when the people of a team next change, as far as the calendars are read."""
        given = self._settings.teams.get(team)
        calendars = {name for entries in given.tiers for name in _calendars(entries)} if given else set()
        changes = [self._timeline(name).next_change(now) for name in calendars]
        return min((change for change in changes if change is not None), default=None)

    def ages(self, now: datetime) -> tuple[CalendarAge, ...]:
        """Return the age of every calendar."""
        return tuple(self._age(source, now) for source in self._sources.values())

    def problems(self) -> tuple[CalendarProblem, ...]:
        """Return the events of all calendars that could not be used, or not wholly."""
        return self._problems

    def gaps(self, start: datetime, end: datetime) -> tuple[Gap, ...]:
        """Return every stretch of ``[start, end)`` in which a tier of a team has no reachable contact.

        Calendars are read to ``AHEAD`` of the last round; ``cover`` reads further.
        """
        return gaps(self._rotas(), {contact.code for contact in self._settings.contacts}, start=start, end=end)

    async def refresh_round(self) -> None:
        """Take over newer copies, ask the sources that are due, read again where time has moved on.

        Never raises because of a calendar or the store; what failed is in ``ages``.
        """
        now = self._clock()
        window = Window(now - BEFORE, now + AHEAD, now - _SLACK, now + AHEAD - _SLACK)
        await self._round(window, now)

    async def cover(self, start: datetime, end: datetime) -> None:
        """Do a round, with every calendar read for all of ``[start, end)``; for those who ask about another time."""
        await self._round(Window(start - BEFORE, end + BEFORE, start, end), self._clock())

    async def _round(self, window: Window, now: datetime) -> None:
        if not self._sources:
            return
        await self._adopt(window)
        if self._fetch is not None:
            due = [source for source in self._sources.values() if source.due(now)]
            asked = (source.refresh(self._fetch, self._copies, self._read, window, now) for source in due)
            await asyncio.gather(*asked)
        for source in self._sources.values():
            await source.reread(self._read, window)
        self._build()

    async def _adopt(self, window: Window) -> None:
        if self._copies is None:
            return
        try:
            heads = await self._copies.heads([source.key for source in self._sources.values()])
            for source in self._sources.values():
                if source.key in heads:
                    await source.adopt(heads[source.key], self._copies, self._read, window)
        except TransientError as error:
            _log.warning("calendar_copies_unavailable", reason=error.reason)

    def _build(self) -> None:
        """Turn what was read into timelines, where anything new was read."""
        readings = tuple(source.reading for source in self._sources.values())
        if len(readings) == len(self._built_from) and all(map(_same, readings, self._built_from)):
            return
        problems: list[CalendarProblem] = []
        self._timelines = {name: self._build_one(name, problems) for name in self._settings.calendars}
        self._problems, self._built_from = tuple(problems), readings
        _log.info("rota_read", calendars=len(self._timelines), problems=len(problems))

    def _build_one(self, name: str, problems: list[CalendarProblem]) -> Timeline:
        shifts = {}
        for each in (name, name + OVERRIDES):
            reading = self._sources[each].reading if each in self._sources else None
            shifts[each], found = shifts_of(reading, self._people) if reading else ((), ())
            problems.extend(CalendarProblem(each, problem) for problem in found)
        readings = [self._sources[each].reading for each in shifts if each in self._sources]
        known = [reading for reading in readings if reading is not None]
        if not known:
            return _NO_CALENDAR
        start, end = max(reading.start for reading in known), max(reading.end for reading in known)
        return timeline(shifts[name], shifts[name + OVERRIDES], start=start, end=end)

    def _on_call(self, entries: Sequence[str], now: datetime) -> tuple[Contact, ...]:
        codes = dict.fromkeys(code for entry in entries for code in self._codes(entry, now))
        found = (self._directory.contact(code) for code in codes)
        return tuple(contact for contact in found if contact is not None)

    def _codes(self, entry: str, now: datetime) -> tuple[str, ...]:
        if not entry.startswith(CALENDAR):
            return (entry,)
        return self._timeline(entry.removeprefix(CALENDAR)).at(now)

    def _timeline(self, calendar: str) -> Timeline:
        return self._timelines.get(calendar, _NO_CALENDAR)

    def _rotas(self) -> Iterator[TierRota]:
        for team, given in self._settings.teams.items():
            for place, entries in enumerate(given.tiers, start=1):
                people = tuple(entry for entry in entries if not entry.startswith(CALENDAR))
                calendars = tuple(self._timeline(name) for name in _calendars(entries))
                yield TierRota(team, place, people, calendars)

    def zone_of(self, team: str, tier: int) -> str:
        """Return the zone in which people read the times of a tier: that of its first calendar."""
        names = list(_calendars(self._settings.teams[team].tiers[tier - 1]))
        return _zone(self._sources[names[0]]) if names else "UTC"

    def _age(self, source: CalendarSource, now: datetime) -> CalendarAge:
        age_s = None if source.fetched_at is None else max(0.0, (now - source.fetched_at).total_seconds())
        stale = age_s is None or age_s > source.stale_after_s
        return CalendarAge(source.name, age_s, stale, source.error, source.checked_at, _zone(source))


def _calendars(entries: Sequence[str]) -> Iterator[str]:
    return (entry.removeprefix(CALENDAR) for entry in entries if entry.startswith(CALENDAR))


def _zone(source: CalendarSource) -> str:
    return source.reading.zone if source.reading else source.zone


def _same(one: object, other: object) -> bool:
    return one is other


def _sources(settings: PagingSettings) -> Iterator[CalendarSource]:
    for name, given in settings.calendars.items():
        yield CalendarSource(name, given.source.get_secret_value(), given)
        if given.overrides is not None:
            yield CalendarSource(name + OVERRIDES, given.overrides.get_secret_value(), given)
