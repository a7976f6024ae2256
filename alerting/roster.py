"""A roster that stands in the settings: the same people at all hours.

The rota read from calendars is another implementation of the same ports (``alerting.core.contacts``).
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from alerting.core.contacts import Contact
from alerting.settings import PagingSettings


class StaticRoster:
    """Implements ``Roster`` and ``Directory`` from ``PagingSettings``."""

    def __init__(self, settings: PagingSettings) -> None:
        self._people = {person.code: Contact(person.code, person.number) for person in settings.contacts}
        self._teams = dict(settings.teams)

    def on_call(self, team: str, now: datetime) -> Sequence[Contact]:
        """Return the team's people; ``now`` does not matter here."""
        del now
        return tuple(self._people[code] for code in self._teams.get(team, ()))

    def contact(self, code: str) -> Contact | None:
        """Return the person with this code."""
        return self._people.get(code)

    def with_number(self, number: str) -> Sequence[Contact]:
        """Return everybody who is reached at this number."""
        return tuple(person for person in self._people.values() if person.number == number)
