"""The Faust workers as a process."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence

from codestroke.roles.paging import page_planner
from codestroke.roles.run import utc_now
from codestroke.settings import Settings
from store.engine import open_engine
from streams.app import WorkerDeps, WorkerHost


def worker_deps(settings: Settings) -> WorkerDeps:
    """Everything a worker is made of, from the settings."""
    return WorkerDeps(
        engine=open_engine(settings.store),
        kafka=settings.kafka,
        triton=settings.triton,
        settings=settings.worker,
        spool=settings.spool,
        site_key=settings.key(),
        plan_pages=page_planner(settings.paging),
        now=utc_now,
    )


class WorkerRole:
    """Some worker roles in one process."""

    def __init__(self, roles: Sequence[str], settings: Settings) -> None:
        self._deps = worker_deps(settings)
        self._host = WorkerHost(roles, self._deps)

    async def run(self, stop: asyncio.Event) -> None:
        """Run until ``stop``."""
        try:
            await self._host.run(stop)
        finally:
            await self._deps.engine.dispose()

    def health(self) -> Mapping[str, object]:
        """State of the roles."""
        return self._host.health()
