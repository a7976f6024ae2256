"""A roster that stands in the settings: the same people at all hours.

The rota read from calendars is another implementation of the same ports (``alerting.core.contacts``).
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from alerting.core.contacts import ChannelName, Contact
from alerting.settings import ContactSettings, PagingSettings


class StaticRoster:
    """Implements ``Roster`` and ``Directory`` from ``PagingSettings``; entries that are no person are left out."""

    def __init__(self, settings: PagingSettings) -> None:
        self._people = {person.code: contact_of(person) for person in settings.contacts}
        self._tiers = {team: given.tiers for team, given in settings.teams.items()}

    def tiers(self, team: str, now: datetime) -> tuple[tuple[Contact, ...], ...]:
        """Return the team's people; ``now`` does not matter here."""
        del now
        return tuple(
            tuple(self._people[code] for code in tier if code in self._people) for tier in self._tiers.get(team, ())
        )

    def contact(self, code: str) -> Contact | None:
        """Return the person with this code."""
        return self._people.get(code)

    def with_number(self, number: str) -> Sequence[Contact]:
        """Return everybody who is reached at this number."""
        return tuple(person for person in self._people.values() if person.number == number)


def contact_of(person: ContactSettings) -> Contact:
    """The person that a section of the settings describes."""
    channels = {ChannelName.SMS, ChannelName.VOICE}
    if person.message_url is not None:
        channels.add(ChannelName.MESSAGE)
    return Contact(person.code, person.number, frozenset(person.roles), frozenset(channels))
