"""From the text of a calendar to occurrences in UTC, by ``icalendar`` and ``recurring-ical-events``.

Who calls it: ``alerting.rota.isolation``, in a process of its own, since a calendar may be built to hang. Each series
is read alone, so that a broken one costs itself. RFC 5545: a time without zone (section 3.3.5, form 1) and a whole day
are read in the calendar's X-WR-TIMEZONE, else in the zone of the settings; TRANSP and VALARM do not matter.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta
from itertools import groupby
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import icalendar
import recurring_ical_events  # type: ignore[import-untyped]  # the library has no types

from alerting.rota.occurrences import (
    LARGEST_BYTES,
    MOST_EVENTS,
    MOST_OCCURRENCES,
    BadCalendar,
    Occurrence,
    Problem,
    ProblemKind,
    Reading,
)

_MARGIN = timedelta(days=2)
"""Floating times are compared with the window before their zone is known; what lies outside is dropped after."""
_TEXT_LENGTH = 200
_MOST_ATTENDEES = 50
_EXACT = "X-CODESTROKE-EXACT-SECONDS"
_TOO_FREQUENT = {"SECONDLY", "MINUTELY"}


def read(body: str, *, zone: str, start: datetime, end: datetime) -> Reading:
    """Read a calendar within ``[start, end)`` (aware UTC); ``zone`` is an IANA name.

    Raises:
        BadCalendar: not a calendar, or too much of one.
    """
    calendar = _parsed(body)
    local = _zone_of(calendar, zone)
    occurrences: list[Occurrence] = []
    problems: list[Problem] = []
    for series in _series(calendar, local, problems):
        for found in _expanded(series, calendar, local, start=start, end=end):
            if isinstance(found, Problem):
                problems.append(found)
            elif found.start < end and start < found.end:
                occurrences.append(found)
            if len(occurrences) + len(problems) > MOST_OCCURRENCES:
                raise BadCalendar(f"more than {MOST_OCCURRENCES} occurrences", reason="too_many")
    occurrences.sort(key=lambda each: (each.start, each.end, each.summary, each.attendees))
    return Reading(start, end, local.key, tuple(occurrences), tuple(problems))


def _parsed(body: str) -> icalendar.Calendar:
    raw = body.encode()
    if len(raw) > LARGEST_BYTES:
        raise BadCalendar(f"larger than {LARGEST_BYTES} bytes", reason="too_large")
    try:
        calendar = icalendar.Calendar.from_ical(raw)
    except Exception as error:  # noqa: BLE001  # edge: on hostile bytes the library raises anything; its text is the sender's
        raise BadCalendar(f"not an iCalendar text ({type(error).__name__})", reason="not_a_calendar") from None
    if not isinstance(calendar, icalendar.Calendar) or calendar.name != "VCALENDAR":
        raise BadCalendar("not an iCalendar text (no VCALENDAR)", reason="not_a_calendar")
    return calendar


def _zone_of(calendar: icalendar.Calendar, fallback: str) -> ZoneInfo:
    named = str(calendar.get("X-WR-TIMEZONE", "")).strip()
    for name in (named, fallback):
        try:
            return ZoneInfo(name)
        except (ZoneInfoNotFoundError, ValueError, OSError):
            continue
    raise BadCalendar("the setting timezone of this calendar is no IANA name", reason="unknown_zone")


def _series(calendar: icalendar.Calendar, zone: ZoneInfo, problems: list[Problem]) -> Iterator[list[Any]]:
    """Yield the events that share a UID; those that cannot be used become problems."""
    events = calendar.walk("VEVENT")
    if len(events) > MOST_EVENTS:
        raise BadCalendar(f"more than {MOST_EVENTS} events", reason="too_many")
    usable = []
    for place, event in enumerate(events):
        kind = _refusal(event, zone)
        if kind is None:
            usable.append((str(event.get("UID", f"without-uid-{place}")), event))
        else:
            problems.append(Problem(kind, _text(event.get("SUMMARY"))))
    usable.sort(key=lambda pair: pair[0])
    for _, group in groupby(usable, key=lambda pair: pair[0]):
        yield [event for _, event in group]


def _refusal(event: Any, zone: ZoneInfo) -> ProblemKind | None:
    """Say why an event cannot be used, as far as that is seen before its rule is expanded."""
    if event.errors or "DTSTART" not in event:
        return ProblemKind.UNREADABLE
    times = [event[name] for name in ("DTSTART", "DTEND", "RECURRENCE-ID") if name in event]
    timed = all(isinstance(getattr(value, "dt", None), date) for value in times)
    if not timed or _several(event, "DURATION") or "0" in _parts(event, "INTERVAL"):  # interval 0 never moves on
        return ProblemKind.UNREADABLE
    if any("TZID" in value.params and getattr(value.dt, "tzinfo", UTC) is None for value in times):
        return ProblemKind.UNKNOWN_ZONE
    try:
        if _is_backwards(event, zone):
            return ProblemKind.NO_LENGTH
    except OverflowError:  # the first or the last year that a datetime knows
        return ProblemKind.UNREADABLE
    return ProblemKind.TOO_FREQUENT if _TOO_FREQUENT & _parts(event, "FREQ") else None


def _several(event: Any, name: str) -> bool:
    return isinstance(event.get(name), list)


def _parts(event: Any, name: str) -> set[str]:
    """The values that the event's rules give to one part."""
    rules = event.get("RRULE", [])
    return {
        str(each).upper() for rule in (rules if isinstance(rules, list) else [rules]) for each in rule.get(name, [])
    }


def _is_backwards(event: Any, zone: ZoneInfo) -> bool:
    """Whether it ends before it begins: the library would swap the two."""
    if "DTEND" in event:
        return _instant(event["DTEND"].dt, zone) <= _instant(event["DTSTART"].dt, zone)
    return "DURATION" in event and bool(event["DURATION"].dt <= timedelta())


def _expanded(
    series: list[Any], calendar: icalendar.Calendar, zone: ZoneInfo, *, start: datetime, end: datetime
) -> Iterator[Occurrence | Problem]:
    alone = icalendar.Calendar()
    if calendar.get("X-WR-TIMEZONE") == zone.key:
        alone.add("X-WR-TIMEZONE", zone.key)
    for event in series:
        _keep_exact_length(event)
        alone.add_component(event)
    try:
        found = recurring_ical_events.of(alone, keep_recurrence_attributes=True).between(start - _MARGIN, end + _MARGIN)
        yield from (_occurrence(event, zone) for event in found if str(event.get("STATUS", "")).upper() != "CANCELLED")
    except MemoryError:
        raise
    except Exception:  # noqa: BLE001  # edge: a hostile rule makes the library raise anything; it costs its series alone
        yield Problem(ProblemKind.UNREADABLE, _text(series[0].get("SUMMARY")))


def _keep_exact_length(event: Any) -> None:
    """Note a DURATION of hours before the library replaces it by a local end: it is exact (RFC 5545 section 3.3.6).

    Whole days are not: they end at the same time of day, whatever the clocks did.
    """
    length = event["DURATION"].dt if "DURATION" in event else timedelta()
    if length.seconds:
        event[_EXACT] = str(int(length.total_seconds()))


def _occurrence(event: Any, zone: ZoneInfo) -> Occurrence | Problem:
    start = _instant(event["DTSTART"].dt, zone)
    exact = event.get(_EXACT)
    end = start + timedelta(seconds=int(exact)) if exact else _instant(event["DTEND"].dt, zone)
    if end <= start:
        return Problem(ProblemKind.NO_LENGTH, _text(event.get("SUMMARY")), start)
    attendees = event.get("ATTENDEE", [])
    given = attendees if isinstance(attendees, list) else [attendees]
    return Occurrence(start, end, _text(event.get("SUMMARY")), tuple(_text(each) for each in given[:_MOST_ATTENDEES]))


def _instant(value: date | datetime, zone: ZoneInfo) -> datetime:
    """An instant in UTC.

    A local time that a clock change skips counts with the offset before the change, one that comes twice means the
    first (RFC 5545 section 3.3.5): what ``fold`` 0 gives.
    """
    if not isinstance(value, datetime):
        value = datetime.combine(value, time.min)
    return (value if value.tzinfo else value.replace(tzinfo=zone)).astimezone(UTC)


def _text(value: object) -> str:
    """One printable line of bounded length."""
    if isinstance(value, list):
        value = value[0] if value else ""
    plain = "".join(char if char.isprintable() else " " for char in str(value or "")[: 4 * _TEXT_LENGTH])
    return " ".join(plain.split())[:_TEXT_LENGTH]
