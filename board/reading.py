"""The real reads: PostgreSQL through ``board.queries``; errors of the driver are translated here and nowhere else."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime, timedelta

from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncEngine

from board import queries
from board.paging import with_next_steps
from board.ports import Rota, Wakes
from board.rows import BoardRows, CalendarRow, CaseRow, PageEventRow
from board.settings import BoardSettings
from schemas.errors import PeerUnavailable
from store.engine import StoreSettings
from store.listen import Channel, wake_ups


class StoreReads:
    """Reads the board from PostgreSQL; ``rota`` adds what only the settings and the calendars know."""

    def __init__(self, engine: AsyncEngine, settings: BoardSettings, rota: Rota | None = None) -> None:
        self._engine = engine
        self._settings = settings
        self._rota = rota

    async def board(self, now: datetime) -> BoardRows:
        """All open cases and the counts of the day; the day starts at local midnight."""
        midnight = now.astimezone(self._settings.zone).replace(hour=0, minute=0, second=0, microsecond=0)
        with _translated():
            rows = await queries.read_board(self._engine, self._settings.site, midnight=midnight, now=now)
        if self._rota is None:
            return rows
        desk = replace(rows.desk, calendars=_calendars(self._rota, now))
        return replace(rows, cases=tuple(self._planned(case) for case in rows.cases), desk=desk)

    async def case(self, reference: str) -> tuple[CaseRow, tuple[PageEventRow, ...]] | None:
        """One case by its short code."""
        with _translated():
            found = await queries.read_case(self._engine, reference)
        return (self._planned(found[0]), found[1]) if found else None

    async def key_image(self, reference: str, pathway: str) -> bytes | None:
        """The key image of a case as PNG."""
        with _translated():
            found = await queries.read_key_image(self._engine, reference, pathway)
        return found.png if found else None

    def _planned(self, case: CaseRow) -> CaseRow:
        if self._rota is None or not case.incidents:
            return case
        return replace(case, incidents=with_next_steps(case.incidents, self._rota.policy))


def _calendars(rota: Rota, now: datetime) -> tuple[CalendarRow, ...]:
    """The ages as instants, so that what is shown changes only when something happened."""
    return tuple(
        CalendarRow(
            name=age.name,
            fetched_at=None if age.age_s is None else now - timedelta(seconds=age.age_s),
            stale=age.stale,
            error=age.error,
        )
        for age in rota.ages(now)
    )


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
