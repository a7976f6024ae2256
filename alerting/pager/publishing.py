"""Telling the world of page changes without ever waiting for it.

Who calls it: the journal, after its transaction is committed. The queue is bounded and drops the newest: the store
and its audit log are the record, an event is a hint to the board.
"""

from __future__ import annotations

import asyncio
from typing import Protocol

import structlog

from alerting.pager.metrics import PagerMetrics
from schemas.errors import CodestrokeError
from schemas.events import PageChanged

_log = structlog.get_logger(__name__)
_PATIENCE_S = 15.0


class PageEvents(Protocol):
    """Where page changes are published (``schemas.topics.PAGE_CHANGED``)."""

    async def publish(self, event: PageChanged, *, event_id: str) -> None:
        """Publish one change.

        Raises:
            CodestrokeError: it could not be published.
        """
        ...


class BestEffortPublisher:
    """A bounded queue in front of ``PageEvents``; ``offer`` never waits and never fails."""

    def __init__(self, port: PageEvents, metrics: PagerMetrics, *, limit: int = 1000) -> None:
        self._port = port
        self._metrics = metrics
        self._queue: asyncio.Queue[tuple[PageChanged, str]] = asyncio.Queue(maxsize=limit)

    def offer(self, event: PageChanged, event_id: str) -> None:
        """Take an event to be published soon, or drop it where too many wait."""
        try:
            self._queue.put_nowait((event, event_id))
        except asyncio.QueueFull:
            self._dropped("queue_full")

    async def run(self) -> None:
        """Publish what is offered, for ever."""
        while True:
            event, event_id = await self._queue.get()
            try:
                async with asyncio.timeout(_PATIENCE_S):
                    await self._port.publish(event, event_id=event_id)
            except (CodestrokeError, TimeoutError) as error:
                self._dropped(type(error).__name__)
            except Exception as error:  # noqa: BLE001  # supervisor edge: whatever a broker does, pages go on
                self._dropped(type(error).__name__)
            finally:
                self._queue.task_done()

    async def drained(self, patience_s: float) -> None:
        """Wait until everything offered was published, at most ``patience_s``."""
        try:
            async with asyncio.timeout(patience_s):
                await self._queue.join()
        except TimeoutError:
            self._dropped("shutdown")

    def _dropped(self, why: str) -> None:
        self._metrics.events_dropped.inc()
        _log.warning("page_event_dropped", why=why)


class NoEvents:
    """A ``PageEvents`` that publishes nowhere, for a pager without Kafka."""

    async def publish(self, event: PageChanged, *, event_id: str) -> None:
        """Do nothing."""
