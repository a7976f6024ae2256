"""Builders: calendars as text, settings, and a roster that reads in this process."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from alerting.rota.occurrences import Reading
from alerting.rota.reading import read
from alerting.settings import PagingSettings

BERLIN, NEW_YORK = "Europe/Berlin", "America/New_York"
CONTACTS: list[dict[str, object]] = [
    {"code": "ann", "number": "+447700900001", "name": "Ann Alder", "email": "ann@example.org"},
    {"code": "bob", "number": "+447700900002", "name": "Birch, Bob", "aliases": ["Dr Birch"]},
    {"code": "cat", "number": "+447700900003", "name": "Cat Cedar", "aliases": ["CC"]},
]


def event(*lines: str, summary: str = "ann", uid: str = "1") -> str:
    """A VEVENT."""
    return "\r\n".join(["BEGIN:VEVENT", f"UID:{uid}", f"SUMMARY:{summary}", *lines, "END:VEVENT"])


def calendar(*parts: str) -> str:
    """A VCALENDAR of properties, zones and events."""
    return "\r\n".join(["BEGIN:VCALENDAR", "VERSION:2.0", "PRODID:-//test//", *parts, "END:VCALENDAR", ""])


def utc(text: str) -> datetime:
    """An instant written like 2027-03-28 01:00."""
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def read_around(text: str, start: str, end: str, *, zone: str = "UTC") -> Reading:
    """Read a calendar between two instants of UTC."""
    return read(text, zone=zone, start=utc(start), end=utc(end))


def spans(reading: Reading) -> list[tuple[str, str]]:
    """The occurrences' starts and ends in UTC."""
    return [(f"{each.start:%Y-%m-%d %H:%M}", f"{each.end:%Y-%m-%d %H:%M}") for each in reading.occurrences]


async def read_here(body: str, *, zone: str, start: datetime, end: datetime) -> Reading:
    """The reader without a process of its own."""
    return read(body, zone=zone, start=start, end=end)


def paging(source: str, **calendar_changes: object) -> PagingSettings:
    """One team whose first tier is a calendar and whose second is a person."""
    return PagingSettings.model_validate(
        {
            "contacts": CONTACTS,
            "calendars": {"neuro": {"source": source, **calendar_changes}},
            "teams": {"stroke": {"tiers": [["calendar:neuro"], ["cat"]]}},
        }
    )


class Clock:
    """A clock that tests move."""

    def __init__(self, now: datetime) -> None:
        self.now = now

    def __call__(self) -> datetime:
        return self.now

    def forward(self, **by: float) -> None:
        self.now += timedelta(**by)
