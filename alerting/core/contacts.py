"""People who can be paged, by code; and the ports that know them.

Numbers stay in here and in the channel: logs, events and the history name a person by code alone.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol


@dataclass(frozen=True, slots=True)
class Contact:
    """A person of the rota: ``code`` is shown and logged, ``number`` (E.164) never is."""

    code: str
    number: str = field(repr=False)


class Roster(Protocol):
    """Who is on call."""

    def on_call(self, team: str, now: datetime) -> Sequence[Contact]:
        """Return the people of ``team`` to page first at ``now``, in order; empty where nobody is."""
        ...


class Directory(Protocol):
    """Who is who."""

    def contact(self, code: str) -> Contact | None:
        """Return the person with this code."""
        ...

    def with_number(self, number: str) -> Sequence[Contact]:
        """Return everybody who is reached at this number (E.164)."""
        ...
