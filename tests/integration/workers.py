"""Real workers in this process, on the real Kafka and a store of the test's own, and what they made of what came."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from schemas.errors import CodestrokeError
from schemas.topics import all_topics
from store import cases
from store.engine import StoreSettings, open_engine, transaction
from store.outcomes import StoredOutcome, of_case
from store.worklist import WorklistRow, open_items
from streams.app import WorkerDeps, WorkerHost
from streams.inference.settings import TritonSettings
from streams.kafka import admin
from streams.kafka.settings import KafkaSettings
from streams.pathways import all_pathways
from streams.settings import WorkerSettings

SITE_KEY = b"a site key of the integration tests"
_POLL_S = 0.05


def utc_now() -> datetime:
    """The clock of these workers."""
    return datetime.now(UTC)


@dataclass(frozen=True, slots=True)
class Workers:
    """Running roles and their store."""

    deps: WorkerDeps
    host: WorkerHost
    running: asyncio.Task[None]

    async def until(self, wanted: Callable[[], Awaitable[bool]], *, within_s: float = 60.0) -> None:
        """Wait until something holds; the end of the workers is an error."""
        async with asyncio.timeout(within_s):
            while not await self._holds(wanted):
                if self.running.done():
                    await self.running
                    raise AssertionError("the workers ended by themselves")
                await asyncio.sleep(_POLL_S)

    async def _holds(self, wanted: Callable[[], Awaitable[bool]]) -> bool:
        try:
            return await wanted()
        except CodestrokeError:
            return False  # the store is away, which some tests want

    async def worklist(self) -> dict[str, WorklistRow]:
        """Open rows of the list by case id."""
        async with transaction(self.deps.engine) as connection:
            return {row.case_id: row for row in await open_items(connection)}

    async def outcomes(self, case_id: str) -> list[StoredOutcome]:
        """Outcomes of a case."""
        async with transaction(self.deps.engine) as connection:
            return await of_case(connection, case_id)

    async def case(self, case_id: str) -> cases.Case | None:
        """A case of the register."""
        async with transaction(self.deps.engine) as connection:
            return await cases.find(connection, case_id)


@asynccontextmanager
async def working(
    roles: Sequence[str], kafka: KafkaSettings, store: StoreSettings, folder: Path
) -> AsyncIterator[Workers]:
    """Run ``roles`` until the end of the block; they consume when it begins."""
    await asyncio.to_thread(admin.apply, kafka, all_topics([pathway.name for pathway in all_pathways()]))
    deps = WorkerDeps(
        engine=open_engine(store),
        kafka=kafka,
        triton=TritonSettings(),
        settings=WorkerSettings(scratch=folder / "scratch", heartbeat_s=0.5),
        spool=folder / "spool",
        site_key=SITE_KEY,
        now=utc_now,
    )
    stop, host = asyncio.Event(), WorkerHost(roles, deps)
    running = asyncio.create_task(host.run(stop))
    workers = Workers(deps, host, running)
    try:
        await workers.until(lambda: _ready(host))
        yield workers
    finally:
        stop.set()
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(30):
                await running
        await deps.engine.dispose()


async def _ready(host: WorkerHost) -> bool:
    return bool(host.health()["ready"])
