"""Claims what is due and hands each page to a task of its own; never more than ``parallel_sends`` at once.

Who calls it: ``alerting.pager.service``, at every wake-up. A page is claimed only when there is a free hand for it, so
that no lease runs down in a queue.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Coroutine
from datetime import datetime
from typing import Any

import structlog
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from alerting.core.pages import PageEvent, PageState, Step
from alerting.pager.attempt import Attempts
from alerting.pager.claimed import Claimed, not_needed
from alerting.pager.clock import SteadyClock
from alerting.pager.columns import Happening
from alerting.pager.journal import Journal
from alerting.settings import PagingSettings
from schemas.errors import TransientError
from store import leases, pages
from store.engine import transaction
from store.leases import Lease
from store.pages import PageChange, PageRow

_log = structlog.get_logger(__name__)


class Sender:
    """One pager's hands."""

    def __init__(
        self,
        engine: AsyncEngine,
        settings: PagingSettings,
        attempts: Attempts,
        journal: Journal,
        *,
        clock: SteadyClock,
        owner: str,
    ) -> None:
        self._engine = engine
        self._settings = settings
        self._attempts = attempts
        self._journal = journal
        self._clock = clock
        self._owner = owner
        self._tasks: set[asyncio.Task[None]] = set()
        self._closed = False

    @property
    def busy(self) -> int:
        """How many pages are under way."""
        return len(self._tasks)

    async def round(self) -> int:
        """Claim and start pages until none is due; return how many were started.

        Raises:
            PeerUnavailable: PostgreSQL does not answer.
        """
        await self._cancel_needless()
        started = 0
        while not self._closed:
            if self.busy >= self._settings.parallel_sends:
                await asyncio.wait(self._tasks, return_when=asyncio.FIRST_COMPLETED)
                continue
            due, doubtful = await self._claim(self._settings.parallel_sends - self.busy)
            for claimed in due:
                self._start(self._attempts.send, claimed)
            for claimed in doubtful:
                self._start(self._attempts.look_up, claimed)
            started += len(due) + len(doubtful)
            if not due and not doubtful:
                break
        return started

    def close(self) -> None:
        """Claim nothing more."""
        self._closed = True

    async def drain(self, patience_s: float) -> None:
        """Wait for the attempts under way; what is not over then is left to its lease."""
        if self._tasks:
            await asyncio.wait(self._tasks, timeout=patience_s)
        for task in self._tasks:
            task.cancel()

    async def _claim(self, limit: int) -> tuple[list[Claimed], list[Claimed]]:
        started = time.monotonic()
        async with transaction(self._engine) as connection:
            lease = Lease(owner=self._owner, now=await self._clock.now(connection), seconds=self._attempts.lease_s)
            due = await leases.claim_due(connection, lease, limit=limit)
            doubtful = (
                await leases.claim_in_doubt(connection, lease, limit=limit - len(due)) if limit > len(due) else []
            )
            await self._write_claims(connection, due, lease.now)
        for row in due:
            self._journal.tell(row, row.state, at=lease.now, detail=PageEvent.CLAIMED, key=_key(row))
        return [Claimed(row, lease.now, started) for row in due], [Claimed(row, lease.now, started) for row in doubtful]

    async def _write_claims(self, connection: AsyncConnection, rows: list[PageRow], now: datetime) -> None:
        for row in rows:
            detail = {"attempt_id": row.attempt_id, "fence": row.fence, "tries": row.tries, "step": row.step}
            change = PageChange(kind=str(PageEvent.CLAIMED), dedupe_key=_key(row), detail=detail)
            await pages.change(connection, row, change, actor="pager", now=now)

    async def _cancel_needless(self) -> None:
        """Close pages whose incident was over before they were sent."""
        cancelled: list[tuple[PageRow, Happening]] = []
        async with transaction(self._engine) as connection:
            for page_id in await leases.needless(connection, limit=self._settings.parallel_sends):
                row = await pages.lock(connection, page_id)
                if row is None:
                    continue
                happening = not_needed(row, await self._clock.now(connection))
                if await self._journal.apply(connection, row, happening):
                    cancelled.append((row, happening))
        for row, happening in cancelled:
            self._journal.tell(row, PageState.CANCELLED, at=happening.at, detail=happening.event, key=happening.key)

    def _start(self, work: Callable[[Claimed], Coroutine[Any, Any, Step | None]], claimed: Claimed) -> None:
        task = asyncio.create_task(_guarded(work, claimed), name=f"page-{claimed.row.page_id}")
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)


def _key(row: PageRow) -> str:
    return f"{row.page_id}/{row.fence}/{PageEvent.CLAIMED}"


async def _guarded(work: Callable[[Claimed], Coroutine[Any, Any, Step | None]], claimed: Claimed) -> None:
    try:
        await work(claimed)
    except TransientError as error:
        _log.warning("page_attempt_unrecorded", page_id=claimed.row.page_id, reason=error.reason)
    except Exception:  # noqa: BLE001  # supervisor edge: the lease ends and the look-up finds out what happened
        _log.exception("page_attempt_broke", page_id=claimed.row.page_id)
