"""The Faust workers as a process."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Mapping, Sequence

from codestroke.roles.run import utc_now
from codestroke.settings import Settings
from schemas.priorities import Lane
from store.engine import open_engine
from streams.app import WorkerDeps, WorkerHost
from streams.pathways import all_pathways


def worker_deps(settings: Settings) -> WorkerDeps:
    """Everything a worker is made of, from the settings."""
    return WorkerDeps(
        engine=open_engine(settings.store),
        kafka=settings.kafka,
        triton=settings.triton,
        settings=settings.worker,
        spool=settings.spool,
        site_key=settings.key(),
        now=utc_now,
    )


_ROUTINE_NICENESS = 10


def _yields_to_urgent(roles: Sequence[str]) -> bool:
    """Whether a process serves only pathways whose work is routine by default."""
    lanes = {pathway.name: pathway.default_lane for pathway in all_pathways()}
    return all(lanes.get(role) is Lane.ROUTINE for role in roles)


class WorkerRole:
    """Some worker roles in one process; one that serves routine pathways alone lets the others' CPU work go first."""

    def __init__(self, roles: Sequence[str], settings: Settings) -> None:
        if roles and _yields_to_urgent(roles):
            os.nice(_ROUTINE_NICENESS)
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
