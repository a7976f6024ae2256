"""Two pagers that die and are started again: what a supervisor of a hospital's pagers does.

Who calls it: ``bench.paging_play``. It counts deaths; it never looks at what the pagers did.
"""

from __future__ import annotations

import asyncio
import contextlib
import signal
from collections import Counter
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from multiprocessing.context import ForkServerContext, ForkServerProcess

from bench.paging_process import Life, begin
from bench.paging_seeds import KillPoint

_RESTART_S = 0.1
_END_S = 5.0


@dataclass
class Deaths:
    """Kills by the tasks they were aimed at, and processes that ended in any other way."""

    kills: Counter[str] = field(default_factory=Counter)
    crashes: list[int] = field(default_factory=list)


@dataclass
class Pagers:
    """The pagers of one seed."""

    context: ForkServerContext
    life: Life
    deaths: Deaths = field(default_factory=Deaths)
    alive: list[ForkServerProcess] = field(default_factory=list)

    @asynccontextmanager
    async def running(self, kills: Sequence[Sequence[KillPoint]]) -> AsyncIterator[Deaths]:
        """Run one pager for each list of kill points; all end with the block."""
        keepers = [asyncio.create_task(self._keep(points)) for points in kills]
        try:
            yield self.deaths
        finally:
            for keeper in keepers:
                keeper.cancel()
            await asyncio.gather(*keepers, return_exceptions=True)

    async def _keep(self, points: Sequence[KillPoint]) -> None:
        """One pager, life after life."""
        for point in [*points, None, None, None]:
            code = await self._live(replace(self.life, dies_at=point))
            if code == -signal.SIGKILL and point is not None:
                self.deaths.kills[point.tasks or "any"] += 1
            else:
                self.deaths.crashes.append(code)
            await asyncio.sleep(_RESTART_S)

    async def _live(self, life: Life) -> int:
        process = begin(self.context, life)
        self.alive.append(process)
        try:
            await _ended(process)
        finally:
            self.alive.remove(process)
            process.kill()
            process.join(_END_S)
        code = process.exitcode
        process.close()
        return -signal.SIGKILL if code is None else code


async def _ended(process: ForkServerProcess) -> None:
    ended = asyncio.Event()
    loop = asyncio.get_running_loop()
    loop.add_reader(process.sentinel, ended.set)
    try:
        await ended.wait()
    finally:
        with contextlib.suppress(ValueError):
            loop.remove_reader(process.sentinel)
