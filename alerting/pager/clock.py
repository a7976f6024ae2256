"""The pager's clock: PostgreSQL's, which all pagers of a database share, carried over steps of the wall clock.

Who calls it: every duty, once a round, inside its transaction. Small corrections are followed; a step is not: the times
of paging go on as the monotonic clock says, so that nothing is due an hour early or an hour late. What was not followed
stands in the store, so that every pager of the database, and one that starts again, has the same time. When nothing is
under way the wall clock is taken over.
"""

from __future__ import annotations

import time
from datetime import datetime, timedelta
from pathlib import Path

import structlog
from sqlalchemy.ext.asyncio import AsyncConnection

from store import steady
from store.steady import Kept

_log = structlog.get_logger(__name__)
STEP = timedelta(seconds=0.5)
"""A difference beyond this, after what the question itself took, is a step."""
_KEEP_S = 1.0


class SteadyClock:
    """PostgreSQL's time without its steps."""

    def __init__(self) -> None:
        self._last: datetime | None = None
        self._last_s = 0.0
        self._kept_s = 0.0
        self._epoch = 0
        self.steps = 0
        """How many steps of the wall clock were not followed."""

    async def now(self, connection: AsyncConnection) -> datetime:
        """The time now (aware UTC)."""
        asked_s = time.monotonic()
        wall, kept = await steady.read(connection)
        answered_s = time.monotonic()
        if kept.epoch != self._epoch:  # another pager found a step out, or took the wall clock over
            self._last, self._epoch = None, kept.epoch
        now = wall - kept.shift
        if not self._is_credible(now, asked_s, answered_s, kept):
            now = await self._mended(connection, wall)
            answered_s = time.monotonic()
        self._last, self._last_s = now, answered_s
        if answered_s - self._kept_s >= _KEEP_S:
            await steady.keep(connection, now, boot_s=boot_s(), boot_id=boot_id())
            self._kept_s = answered_s
        return now

    def _is_credible(self, now: datetime, asked_s: float, answered_s: float, kept: Kept) -> bool:
        if self._last is not None:
            earliest = self._last + timedelta(seconds=asked_s - self._last_s)
            latest = self._last + timedelta(seconds=answered_s - self._last_s)
            return earliest - STEP <= now <= latest + STEP
        return kept.at is None or (self._expected(kept) is None and now >= kept.at) or self._agrees(now, kept)

    def _agrees(self, now: datetime, kept: Kept) -> bool:
        expected = self._expected(kept)
        return expected is not None and abs(now - expected) <= STEP

    def _expected(self, kept: Kept) -> datetime | None:
        """What a pager of this machine, since it was booted, would have counted to."""
        if kept.at is None or kept.boot_id != boot_id():
            return None
        return kept.at + timedelta(seconds=boot_s() - kept.boot_s)

    async def _mended(self, connection: AsyncConnection, wall: datetime) -> datetime:
        """Find out what the time is, under the lock of the row: another pager may have found it out already."""
        kept = await steady.lock(connection)
        if self._last is not None:
            true = self._last + timedelta(seconds=time.monotonic() - self._last_s)
        else:
            true = self._expected(kept) or max(wall - kept.shift, kept.at or wall)
        if abs(wall - kept.shift - true) <= 2 * STEP:
            return wall - kept.shift
        self.steps += 1
        _log.warning("clock_stepped", by_s=round((wall - kept.shift - true).total_seconds(), 3))
        await steady.shift(connection, wall - true)
        self._epoch = kept.epoch + 1
        return true

    async def settle(self, connection: AsyncConnection) -> bool:
        """Take the wall clock over where nothing is under way; say whether that changed the time."""
        return await steady.settle(connection)


def boot_s() -> float:
    """Seconds since this machine was booted, its sleep included where the system can tell."""
    clock = getattr(time, "CLOCK_BOOTTIME", None)
    return time.monotonic() if clock is None else time.clock_gettime(clock)


def boot_id() -> str:
    """Names this boot of this machine; empty where the system does not tell, so that nothing is concluded from it."""
    try:
        return Path("/proc/sys/kernel/random/boot_id").read_text().strip()
    except OSError:
        return ""
