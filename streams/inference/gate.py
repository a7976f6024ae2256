"""A gate in front of a scarce thing: one at a time, the most urgent first.

Order is (lane, deadline); equal ones in order of arrival. An urgent case waits for at most the execution already
running. Triton's own priorities are not used: any queue policy makes its batcher stall in steps of 500 ms.
"""

from __future__ import annotations

import asyncio
import heapq
import itertools
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import datetime

from schemas.priorities import Lane

_ORDER = {Lane.URGENT: 0, Lane.ROUTINE: 1}


class Gate:
    """Admits one holder at a time; waiting ones are let in by lane, then deadline."""

    def __init__(self) -> None:
        self._busy = False
        self._waiting: list[tuple[int, datetime, int, asyncio.Future[None]]] = []
        self._counter = itertools.count()

    @property
    def waiting(self) -> int:
        """How many wait."""
        return sum(not entry[3].done() for entry in self._waiting)

    @asynccontextmanager
    async def slot(self, lane: Lane, deadline: datetime) -> AsyncIterator[None]:
        """Hold the gate for the length of the block; cancellation while waiting gives the place up."""
        await self._enter(lane, deadline)
        try:
            yield
        finally:
            self._leave()

    async def _enter(self, lane: Lane, deadline: datetime) -> None:
        if not self._busy:
            self._busy = True
            return
        ticket: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        heapq.heappush(self._waiting, (_ORDER[lane], deadline, next(self._counter), ticket))
        try:
            await ticket
        except asyncio.CancelledError:
            if ticket.done() and not ticket.cancelled():
                self._leave()  # let in and cancelled at the same moment: hand the place on
            raise

    def _leave(self) -> None:
        while self._waiting:
            ticket = heapq.heappop(self._waiting)[3]
            if not ticket.done():
                ticket.set_result(None)
                return
        self._busy = False
