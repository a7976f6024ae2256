"""Where the last good copies lie: the port, and its implementation on the store's table.

Who calls it: ``alerting.rota.source``. A calendar that was pointed to another place is another calendar: its key
holds a fingerprint of the place, so that neither an old text nor an old ETag is taken for the new one's.
"""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Mapping
from datetime import datetime
from typing import Protocol

from sqlalchemy.ext.asyncio import AsyncEngine

from store import rota
from store.engine import transaction
from store.rota import CalendarCopy, CopyHead


class Copies(Protocol):
    """Keeps the last good text of each calendar."""

    async def heads(self, names: Collection[str]) -> Mapping[str, CopyHead]:
        """What is known of the copies, without their texts."""
        ...

    async def body(self, name: str) -> str | None:
        """The text of a copy."""
        ...

    async def save(self, copy: CalendarCopy) -> None:
        """Keep a good text."""
        ...

    async def note_check(self, name: str, *, now: datetime, error: str = "") -> bool:
        """Note that the source was asked; return whether there is a copy to note it beside."""
        ...


class StoredCopies:
    """Copies in PostgreSQL, shared by all pagers; each call is one transaction.

    Raises:
        PeerUnavailable: from every method, where the store is away.
    """

    def __init__(self, engine: AsyncEngine) -> None:
        self._engine = engine

    async def heads(self, names: Collection[str]) -> Mapping[str, CopyHead]:
        """What is known of the copies, without their texts."""
        async with transaction(self._engine) as connection:
            return await rota.heads(connection, names)

    async def body(self, name: str) -> str | None:
        """The text of a copy."""
        async with transaction(self._engine) as connection:
            return await rota.body(connection, name)

    async def save(self, copy: CalendarCopy) -> None:
        """Keep a good text."""
        async with transaction(self._engine) as connection:
            await rota.save(connection, copy)

    async def note_check(self, name: str, *, now: datetime, error: str = "") -> bool:
        """Note that the source was asked; return whether there is a copy to note it beside."""
        async with transaction(self._engine) as connection:
            return await rota.note_check(connection, name, now=now, error=error)


def key_of(name: str, location: str) -> str:
    """The key of a calendar's copy; the fingerprint does not give the location away."""
    return f"{name}#{hashlib.sha256(location.encode()).hexdigest()[:12]}"


def digest_of(body: str) -> str:
    """The digest by which ``CopyHead`` names a text."""
    return hashlib.sha256(body.encode()).hexdigest()
