"""Brings announcements from the index to Kafka, oldest first, for as long as it takes.

Who calls it: the gateway service. While the broker is down studies keep arriving and keep their place here; an
announcement is marked as sent only after the broker's acknowledgement.
"""

from __future__ import annotations

import asyncio
import enum
from datetime import UTC, datetime
from typing import Protocol

import structlog

from schemas.codec import Record
from schemas.errors import PermanentError, TransientError
from streams.gateway import metrics
from streams.gateway.index import Announcement, Index

_log = structlog.get_logger(__name__)
_FIRST_PAUSE_S = 0.1
_PEER = "kafka"


class RecordSink(Protocol):
    """Where records go; returns only after the broker's acknowledgement."""

    def send(self, record: Record) -> None:
        """Send one record, blocking.

        Raises:
            PeerUnavailable: the broker did not acknowledge it in time.
        """


class SinkState(enum.StrEnum):
    """What the last attempt showed."""

    UNTRIED = "untried"
    UP = "up"
    DOWN = "down"


class Announcer:
    """Sends what the index holds as unsent; retries with growing, bounded pauses."""

    def __init__(self, index: Index, sink: RecordSink, *, retry_max_s: float) -> None:
        self._index = index
        self._sink = sink
        self._retry_max_s = retry_max_s
        self._wanted = asyncio.Event()
        self._wanted.set()
        self.state = SinkState.UNTRIED
        self.unsent = 0

    def wake(self) -> None:
        """There is something new to send; call from the event loop."""
        self._wanted.set()

    async def run(self, stop: asyncio.Event) -> None:
        """Send until ``stop`` is set."""
        pause_s = _FIRST_PAUSE_S
        while not stop.is_set():
            if await self._drain(stop):
                pause_s = _FIRST_PAUSE_S
                await _first_of(stop, self._wanted, timeout_s=None)
            else:
                await _first_of(stop, timeout_s=pause_s)
                pause_s = min(self._retry_max_s, pause_s * 2)

    async def _drain(self, stop: asyncio.Event) -> bool:
        """Send everything unsent; return False where the broker or the disk stopped it."""
        self._wanted.clear()
        try:
            waiting = await asyncio.to_thread(self._index.unsent)
            self._count(len(waiting))
            for announcement in waiting:
                if stop.is_set():
                    break
                if await asyncio.to_thread(self._send, announcement):
                    self._count(self.unsent - 1)
        except TransientError as error:
            self._down(error)
            return False
        return True

    def _send(self, announcement: Announcement) -> bool:
        """Send one; return False where the broker will never take it."""
        try:
            self._sink.send(announcement.record)
        except PermanentError as error:
            # It must not stand in the way of the next study; it stays in the index and in the count of unsent.
            _log.error("announcement_refused", case_id=_case_of(announcement.record), error=str(error))
            return False
        now = datetime.now(UTC)
        self._index.mark_sent(announcement.event_id, now)
        self._up()
        metrics.SENT_SECONDS.observe(max(0.0, (now - announcement.made_at).total_seconds()))
        _log.info("study_announced", case_id=_case_of(announcement.record), revision=announcement.revision)
        return True

    def _up(self) -> None:
        if self.state is SinkState.DOWN:
            _log.info("kafka_back")
        self.state = SinkState.UP
        metrics.PEER_UP.labels(_PEER).set(1)

    def _down(self, error: TransientError) -> None:
        if self.state is not SinkState.DOWN:
            _log.error("announcement_delayed", reason=error.reason, error=str(error), unsent=self.unsent)
        self.state = SinkState.DOWN
        metrics.PEER_UP.labels(_PEER).set(0)

    def _count(self, unsent: int) -> None:
        self.unsent = unsent
        metrics.UNSENT.set(unsent)


async def _first_of(*events: asyncio.Event, timeout_s: float | None) -> None:
    """Wait until one of the events is set, or the time is over."""
    waits = [asyncio.ensure_future(event.wait()) for event in events]
    try:
        await asyncio.wait(waits, timeout=timeout_s, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for wait in waits:
            wait.cancel()


def _case_of(record: Record) -> str:
    return next((value.decode() for name, value in record.headers if name == "ce_subject"), "")
