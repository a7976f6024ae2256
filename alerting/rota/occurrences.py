"""What a calendar says, as plain values: the language between the reading process and the roster.

Light on purpose: the reading process imports it. Nothing here knows a person.
"""

from __future__ import annotations

import enum
from dataclasses import dataclass
from datetime import datetime

from schemas.errors import PermanentError

LARGEST_BYTES = 5_000_000
"""A larger calendar is refused before it is read."""
MOST_EVENTS = 20_000
MOST_OCCURRENCES = 10_000


class BadCalendar(PermanentError):
    """A text that is no calendar, is too large or takes too long to read."""

    reason = "bad_calendar"


class ProblemKind(enum.StrEnum):
    """Why an event puts nobody on call."""

    UNREADABLE = "unreadable"
    """Its times or its rule cannot be read."""
    UNKNOWN_ZONE = "unknown_zone"
    """It names a time zone that nobody defines; guessing could shift a change-over."""
    TOO_FREQUENT = "too_frequent"
    """It repeats every minute or second: no rota does."""
    NO_LENGTH = "no_length"
    """It ends when it begins, or before."""
    NOBODY_KNOWN = "nobody_known"
    """It names nobody, or nobody among the contacts."""
    PARTLY_KNOWN = "partly_known"
    """Somebody it names is on call; somebody else is not among the contacts."""
    AMBIGUOUS = "ambiguous"
    """The name belongs to several contacts."""


@dataclass(frozen=True, slots=True)
class Problem:
    """An event that was not used, or not wholly; ``text`` is for people who mend the calendar, never for logs."""

    kind: ProblemKind
    text: str
    start: datetime | None = None


@dataclass(frozen=True, slots=True)
class Occurrence:
    """One event at one time (aware UTC): what it says of people, unjudged."""

    start: datetime
    end: datetime
    summary: str
    attendees: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Reading:
    """All occurrences that touch ``[start, end)``, the zone that floating times were read in, and what failed."""

    start: datetime
    end: datetime
    zone: str
    occurrences: tuple[Occurrence, ...]
    problems: tuple[Problem, ...] = ()

    def spans(self, start: datetime, end: datetime) -> bool:
        """Whether the reading knows all of ``[start, end)``."""
        return self.start <= start and end <= self.end
