"""The pager's clock: PostgreSQL's, which all pagers of a database share, carried over steps of the wall clock.

Who calls it: every duty, once a round, inside its transaction. Small corrections are followed; a step is not: while a
pager runs, its times go on as the monotonic clock says, so that nothing is due an hour early or an hour late.
"""

from __future__ import annotations

import time
from datetime import datetime, timedelta

import structlog
from sqlalchemy.ext.asyncio import AsyncConnection

from store.pages import store_now

_log = structlog.get_logger(__name__)
_STEP = timedelta(seconds=2)


class SteadyClock:
    """PostgreSQL's time without its steps."""

    def __init__(self) -> None:
        self._base: datetime | None = None
        self._base_s = 0.0
        self.steps = 0
        """How many steps of the wall clock were not followed."""
        self._shift = timedelta()

    async def now(self, connection: AsyncConnection) -> datetime:
        """The time now (aware UTC)."""
        return self.reading(await store_now(connection), time.monotonic())

    def reading(self, wall: datetime, monotonic_s: float) -> datetime:
        """The steady time at a reading of both clocks."""
        if self._base is None:
            self._base, self._base_s = wall, monotonic_s
            return wall
        expected = self._base + timedelta(seconds=monotonic_s - self._base_s)
        steady = wall - self._shift
        if abs(steady - expected) > _STEP:
            self._shift = wall - expected
            self.steps += 1
            _log.warning("clock_stepped", by_s=round((wall - expected).total_seconds(), 3))
            steady = expected
        self._base, self._base_s = steady, monotonic_s
        return steady
