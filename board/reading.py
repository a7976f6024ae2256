"""The real reads: PostgreSQL through ``board.queries``; errors of the driver are translated here and nowhere else."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from datetime import datetime

from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncEngine

from board import queries
from board.ports import Wakes
from board.rows import BoardRows, CaseRow, PageEventRow
from board.settings import BoardSettings
from schemas.errors import PeerUnavailable
from store.engine import StoreSettings
from store.listen import Channel, wake_ups


class StoreReads:
    """Reads the board from PostgreSQL."""

    def __init__(self, engine: AsyncEngine, settings: BoardSettings) -> None:
        self._engine = engine
        self._settings = settings

    async def board(self, now: datetime) -> BoardRows:
        """All open cases and the counts of the day; the day starts at local midnight."""
        midnight = now.astimezone(self._settings.zone).replace(hour=0, minute=0, second=0, microsecond=0)
        with _translated():
            return await queries.read_board(self._engine, self._settings.site, midnight=midnight, now=now)

    async def case(self, reference: str) -> tuple[CaseRow, tuple[PageEventRow, ...]] | None:
        """One case by its short code."""
        with _translated():
            return await queries.read_case(self._engine, reference)


def store_wakes(store: StoreSettings, settings: BoardSettings) -> Wakes:
    """Wake-ups by LISTEN/NOTIFY, with ``poll_s`` as the longest wait."""

    def wakes() -> AsyncIterator[str]:
        return wake_ups(store, Channel.WORKLIST, every_s=settings.poll_s)

    return wakes


@contextmanager
def _translated() -> Iterator[None]:
    try:
        yield
    except SQLAlchemyError as error:
        cause = type(getattr(error, "orig", None) or error).__name__
        message = f"PostgreSQL (setting store.url) refused a read: {cause}; is the database migrated?"
        raise PeerUnavailable(message, reason="store_refused") from error
