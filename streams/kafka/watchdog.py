"""Heartbeats through a worker's own topic, and a watchdog that ends a worker which no longer consumes.

Faust consumers have been seen alive, logging nothing wrong and consuming nothing (faust issue 523). A worker therefore
sends itself a record on a partition that it owns. If the broker takes the record but the worker does not get it for
``stall_s``, or the event loop does not turn for as long, the process exits at once and its supervisor starts it anew.
A broker that is away is not a stall.
"""

from __future__ import annotations

import asyncio
import os
import threading
import time
from collections.abc import Callable
from datetime import datetime
from typing import Any

import faust
import structlog

from schemas.codec import decode
from schemas.errors import CodestrokeError
from schemas.events import Heartbeat
from schemas.topics import heartbeat
from streams.kafka import metrics
from streams.kafka.app import raw_topic
from streams.kafka.emit import Emitter, make_record

_log = structlog.get_logger(__name__)
EXIT_STALLED = 70
_WATCH_EVERY_S = 1.0


class Watchdog:
    """Sends heartbeats, notes their return, and decides from another thread whether the process still lives."""

    def __init__(
        self,
        app: faust.App,
        emitter: Emitter,
        *,
        role: str,
        worker: str,
        now: Callable[[], datetime],
        every_s: float = 2.0,
        stall_s: float = 20.0,
    ) -> None:
        self._app, self._emitter, self._role, self._worker = app, emitter, role, worker
        self._now, self._every_s, self._stall_s = now, every_s, stall_s
        self._topic = heartbeat(role)
        self._sequence = 0
        self._loop_turned = time.monotonic()
        self._unanswered_since: float | None = None
        self.last_return: float | None = None
        app.agent(raw_topic(app, self._topic), name=f"heartbeat:{role}", concurrency=1)(self._agent)

    async def run(self, stop: asyncio.Event) -> None:
        """Send heartbeats until ``stop``; the watching thread ends with this call, or with the process."""
        over = threading.Event()
        threading.Thread(target=self._watch, args=(over,), name=f"watchdog-{self._role}", daemon=True).start()
        turning = asyncio.create_task(self._turn())
        try:
            while not stop.is_set():
                await self._beat()
                await asyncio.sleep(self._every_s)
        finally:
            turning.cancel()
            over.set()

    def stalled(self, monotonic_now: float) -> str:
        """Why the process must end, or an empty text; pure in its argument."""
        if monotonic_now - self._loop_turned > self._stall_s:
            return "event_loop_blocked"
        since = self._unanswered_since
        if since is not None and monotonic_now - since > self._stall_s:
            return "heartbeat_not_consumed"
        return ""

    async def _turn(self) -> None:
        """Note that the loop turns; apart from the beats, which may wait for a broker that is away."""
        while True:
            self._loop_turned = time.monotonic()
            await asyncio.sleep(_WATCH_EVERY_S)

    async def _beat(self) -> None:
        partition = self._own_partition()
        if partition is None:
            self._unanswered_since = None  # a standby owns nothing and has nothing to prove
            return
        self._sequence += 1
        now = self._now()
        body = Heartbeat(role=self._role, worker=self._worker, sequence=self._sequence, sent_at=now)
        record = make_record(
            self._topic,
            self._worker,
            body,
            case_id=self._worker,
            content=f"{now.isoformat()}/{self._sequence}",
            source=self._role,
            now=now,
        )
        try:
            await self._emitter.emit(record, partition=partition)
        except CodestrokeError as error:
            self._unanswered_since = None
            _log.warning("heartbeat_unsent", role=self._role, reason=error.reason)
            return
        if self._unanswered_since is None:
            self._unanswered_since = time.monotonic()

    def _own_partition(self) -> int | None:
        mine = [tp.partition for tp in self._app.consumer.assignment() if tp.topic == self._topic.name]
        return min(mine, default=None)

    async def _agent(self, stream: Any) -> None:
        async for event in stream.events():
            try:
                body = decode(self._topic, event.message.value, None)
            except CodestrokeError:
                continue  # a foreign record on a heartbeat topic proves nothing and harms nothing
            if isinstance(body, Heartbeat) and body.worker == self._worker:
                self._unanswered_since = None
                self.last_return = time.monotonic()
                metrics.HEARTBEAT_AGE.labels(self._role).set(0)

    def _watch(self, over: threading.Event) -> None:
        while not over.wait(_WATCH_EVERY_S):
            now = time.monotonic()
            if self.last_return is not None:
                metrics.HEARTBEAT_AGE.labels(self._role).set(now - self.last_return)
            reason = self.stalled(now)
            if reason:
                _log.critical("watchdog_exit", role=self._role, reason=reason, stall_s=self._stall_s)
                os._exit(EXIT_STALLED)
