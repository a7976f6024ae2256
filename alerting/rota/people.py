"""From what an event says to who is on call: by address, else by the whole name; never by guessing.

Who calls it: ``alerting.rota.roster``. Pure. A name that two contacts share counts as nobody's.
"""

from __future__ import annotations

import re
import unicodedata
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from alerting.core.rota import Shift
from alerting.rota.occurrences import Occurrence, Problem, ProblemKind, Reading
from alerting.settings import ContactSettings

_ON_CALL = re.compile(r"\bon[\s-]?call\b", re.IGNORECASE)
_LAYER = re.compile(r"^\[[^\]]*\]\s*")
_BETWEEN = re.compile(r"\s*(?:[,;/&+]|\band\b)\s*", re.IGNORECASE)
_EDGES = " \t:-\N{EN DASH}\N{EM DASH}()"
_MAILTO = "mailto:"


@dataclass(frozen=True, slots=True)
class Named:
    """The people that an event names: codes of contacts, and what could not be told."""

    codes: tuple[str, ...] = ()
    unknown: tuple[str, ...] = ()
    ambiguous: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class People:
    """The contacts by their addresses and names."""

    emails: Mapping[str, frozenset[str]] = field(repr=False)
    names: Mapping[str, frozenset[str]] = field(repr=False)

    @classmethod
    def of(cls, contacts: Sequence[ContactSettings]) -> People:
        """Index the contacts."""
        emails: dict[str, set[str]] = defaultdict(set)
        names: dict[str, set[str]] = defaultdict(set)
        for contact in contacts:
            if contact.email.strip():
                emails[_folded(contact.email)].add(contact.code)
            for name in (contact.code, contact.name, *contact.aliases):
                if name.strip():
                    names[_folded(name)].add(contact.code)
        return cls(
            {key: frozenset(codes) for key, codes in emails.items()},
            {key: frozenset(codes) for key, codes in names.items()},
        )

    def named_by(self, event: Occurrence) -> Named:
        """Return whom an event names: its attendees where one of them is a contact, else its summary."""
        invited = _sorted_out([self.emails.get(address, frozenset()) for address in _addresses(event.attendees)], ())
        if invited.codes:
            return invited
        if exact := self.names.get(_folded(event.summary)):
            return _sorted_out([exact], [event.summary])
        readings = [self._names_in(candidate) for candidate in _candidates(event.summary)]
        return min(readings, key=lambda named: (not named.codes, len(named.unknown) + len(named.ambiguous)))

    def _names_in(self, text: str) -> Named:
        """The text as one name, for names that hold a comma; else each of its parts."""
        whole = self.names.get(_folded(text))
        parts = [text] if whole else [part for part in _BETWEEN.split(text) if part.strip()]
        found = [self.names.get(_folded(part), frozenset()) for part in parts]
        return _sorted_out(found, parts)


def shifts_of(reading: Reading, people: People) -> tuple[tuple[Shift, ...], tuple[Problem, ...]]:
    """Turn the occurrences of a calendar into shifts; what names nobody known becomes a problem."""
    shifts: list[Shift] = []
    problems = list(reading.problems)
    for event in reading.occurrences:
        named = people.named_by(event)
        shifts += (Shift(code, event.start, event.end) for code in named.codes)
        problems += _problems(named, event.summary, event.start)
    return tuple(shifts), tuple(problems)


def _problems(named: Named, summary: str, start: datetime) -> Iterator[Problem]:
    for text in named.ambiguous:
        yield Problem(ProblemKind.AMBIGUOUS, text, start)
    if named.codes and named.unknown:
        yield Problem(ProblemKind.PARTLY_KNOWN, ", ".join(named.unknown), start)
    elif not named.codes and not named.ambiguous:
        yield Problem(ProblemKind.NOBODY_KNOWN, summary, start)


def _sorted_out(found: Sequence[frozenset[str]], parts: Sequence[str]) -> Named:
    """Sort matches into one contact, none, or several; ``parts`` are their texts where they may be shown."""
    codes = {code: None for codes in found if len(codes) == 1 for code in codes}
    texts = list(zip(parts, found, strict=True)) if parts else []
    return Named(
        tuple(codes),
        tuple(part for part, codes in texts if not codes),
        tuple(part for part, codes in texts if len(codes) > 1),
    )


def _candidates(summary: str) -> Iterator[str]:
    """The ways to take the words around a name away; the one that leaves the fewest questions counts.

    Shapes in use: ``On call: X``, ``On Call - X - Schedule`` (PagerDuty), ``X On-Call (GoAlert: Schedule)``,
    ``[Layer] X on call``.
    """
    marker = _ON_CALL.search(summary)
    if marker is None:
        yield summary
        return
    before = _LAYER.sub("", summary[: marker.start()]).strip(_EDGES)
    after = summary[marker.end() :].strip(_EDGES)
    yield before or after
    if not before:
        yield after.split(" - ")[0].strip(_EDGES)


def _addresses(attendees: Sequence[str]) -> Iterator[str]:
    """The addresses of ATTENDEE values; PagerDuty writes them without ``mailto:``."""
    for attendee in attendees:
        yield _folded(attendee).removeprefix(_MAILTO)


def _folded(text: str) -> str:
    return " ".join(unicodedata.normalize("NFKC", text).casefold().split())
