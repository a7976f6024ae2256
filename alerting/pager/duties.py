"""Running a duty again and again, whatever one round does, and knowing when it last went well.

Who calls it: ``alerting.pager.service``. This is the pager's supervisor edge: a round that breaks is logged and
counted, and the next round comes.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import aclosing
from dataclasses import dataclass, field

import structlog

from alerting.pager.metrics import PagerMetrics
from schemas.errors import TransientError

_log = structlog.get_logger(__name__)


@dataclass(slots=True)
class Duty:
    """Something done at every wake-up; ``healthy`` says whether a round went well lately."""

    name: str
    work: Callable[[], Awaitable[object]]
    stale_after_s: float
    metrics: PagerMetrics = field(repr=False)
    last_success_s: float | None = None
    last_error: str = ""
    _round: asyncio.Task[None] | None = field(default=None, repr=False)

    async def round(self) -> None:
        """Do it once; never raises."""
        try:
            await self.work()
        except TransientError as error:
            self._failed(error.reason)
            _log.warning("pager_duty_failed", duty=self.name, reason=error.reason, error=str(error))
        except Exception as error:  # noqa: BLE001  # supervisor edge: one broken round must not end paging
            self._failed(type(error).__name__)
            _log.exception("pager_duty_broke", duty=self.name)
        else:
            self.last_success_s, self.last_error = time.monotonic(), ""

    async def run(self, wakes: AsyncGenerator[object, None]) -> None:
        """Do it at every wake-up, for ever."""
        async with aclosing(wakes):
            async for _ in wakes:
                self._round = asyncio.create_task(self.round(), name=f"{self.name}-round")
                await asyncio.shield(self._round)

    async def finished(self) -> None:
        """Wait for the round under way: a claim that is cut off would cost its page the whole lease."""
        if self._round is not None:
            await self._round

    @property
    def healthy(self) -> bool:
        """Whether a round went well within ``stale_after_s``."""
        return self.last_success_s is not None and time.monotonic() - self.last_success_s < self.stale_after_s

    def _failed(self, reason: str) -> None:
        self.last_error = reason
        self.metrics.duty_failures.labels(self.name).inc()


async def every(seconds: float) -> AsyncGenerator[None, None]:
    """Wake up at once and then every ``seconds``."""
    while True:
        yield None
        await asyncio.sleep(seconds)
