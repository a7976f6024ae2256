"""Polls a watched PACS for as long as the gateway lives; a PACS that is down is a pause, never an end.

Who calls it: the gateway service, one task per watched PACS.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

import structlog

from schemas.errors import PeerUnavailable, TransientError
from streams.gateway import metrics
from streams.gateway.facts import FactsReader
from streams.gateway.index import HeldInstance, Index
from streams.gateway.settings import PacsWatch
from streams.gateway.tracker import Tracker
from streams.gateway.watch.client import BAD_ANSWER, NOT_FOUND

_log = structlog.get_logger(__name__)
_ABOUT_ONE_OBJECT = frozenset({BAD_ANSWER, NOT_FOUND})
_MAX_FAULTS = 20


class Watcher(Protocol):
    """One way of seeing what is new in a PACS."""

    async def poll(self) -> bool:
        """Look once and report what is new; return whether more is known to wait.

        Raises:
            TransientError: the PACS or the index could not be used; nothing was skipped.
        """


@dataclass(frozen=True, slots=True)
class WatchContext:
    """What watchers share: where they keep their position, how headers are read, where instances are reported."""

    index: Index
    facts: FactsReader
    tracker: Tracker

    async def report(self, held: Sequence[HeldInstance]) -> None:
        """Tell the tracker of instances, away from the event loop.

        Raises:
            TransientError: the index cannot be written.
        """
        taken = await asyncio.to_thread(lambda: sum(self.tracker.add(one) for one in held))
        if taken:
            metrics.INSTANCES.labels(held[0].source).inc(taken)


class Faults:
    """Faults of one poll that concern one study or series: the others must not wait behind it."""

    def __init__(self) -> None:
        self._noted: list[PeerUnavailable] = []

    def note(self, error: PeerUnavailable) -> None:
        """Note a fault and let the poll go on.

        Raises:
            PeerUnavailable: the fault is one of the PACS itself, or there are too many.
        """
        self._noted.append(error)
        if error.reason not in _ABOUT_ONE_OBJECT or len(self._noted) >= _MAX_FAULTS:
            raise error

    def raise_first(self) -> None:
        """End the poll: what could not be read is asked for again at the next one.

        Raises:
            PeerUnavailable: the first fault that was noted, if any.
        """
        if self._noted:
            raise self._noted[0]


async def watch(watcher: Watcher, settings: PacsWatch, stop: asyncio.Event) -> None:
    """Poll until ``stop`` is set; failures are logged once, counted, and retried with growing, bounded pauses."""
    pause_s, is_up = settings.poll_s, None
    while not stop.is_set():
        try:
            more = await watcher.poll()
        except TransientError as error:
            if is_up is not False:
                _log.error("pacs_unavailable", peer=settings.alias, error=str(error))
            is_up, more = False, False
            pause_s = min(settings.backoff_max_s, pause_s * 2)
        else:
            if is_up is False:
                _log.info("pacs_back", peer=settings.alias)
            is_up, pause_s = True, settings.poll_s
        metrics.PEER_UP.labels(settings.alias).set(is_up)
        if not more:
            await pause(stop, pause_s)


async def pause(stop: asyncio.Event, seconds: float) -> None:
    """Wait for ``seconds``, or shorter where ``stop`` is set meanwhile."""
    try:
        await asyncio.wait_for(stop.wait(), seconds)
    except TimeoutError:
        return
