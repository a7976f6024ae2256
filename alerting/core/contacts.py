"""People who can be paged, by code; the channels that reach them; and the ports that know them.

Numbers stay in here and in the channel: logs, events and the history name a person by code alone.
"""

from __future__ import annotations

import enum
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol


class ChannelName(enum.StrEnum):
    """The channels a page can take; each is one folder of ``alerting/channels``."""

    SMS = "sms"
    VOICE = "voice"
    MESSAGE = "message"
    """By another provider than the phone carrier: e-mail, Teams, ntfy."""


@dataclass(frozen=True, slots=True)
class Contact:
    """A person of the rota: ``code`` is shown and logged, ``number`` (E.164) never is.

    Attributes:
        code: the person's short name, unique.
        number: the phone, E.164.
        roles: what this person is, where several roles must acknowledge.
        channels: how this person can be reached; a phone takes texts and calls.
    """

    code: str
    number: str = field(repr=False)
    roles: frozenset[str] = frozenset()
    channels: frozenset[ChannelName] = frozenset({ChannelName.SMS, ChannelName.VOICE})


class Roster(Protocol):
    """Who is on call."""

    def tiers(self, team: str, now: datetime) -> tuple[tuple[Contact, ...], ...]:
        """Return the tiers of ``team`` at ``now``, the first to be paged first; a tier without anybody is empty."""
        ...


class Directory(Protocol):
    """Who is who."""

    def contact(self, code: str) -> Contact | None:
        """Return the person with this code."""
        ...

    def with_number(self, number: str) -> Sequence[Contact]:
        """Return everybody who is reached at this number (E.164)."""
        ...
