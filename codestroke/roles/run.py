"""Running a role: settings, logs, signals, health server, and one way to stop.

SIGTERM and SIGINT ask the role to finish what it has begun; a second one ends it at once.
"""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from collections.abc import Awaitable, Callable, Mapping
from datetime import UTC, datetime
from typing import Protocol

import structlog

from codestroke.health import serve_health
from codestroke.logs import configure
from codestroke.settings import Settings
from schemas.errors import CodestrokeError

_log = structlog.get_logger(__name__)
EXIT_FAILED = 1


class Role(Protocol):
    """A long-running part of codestroke."""

    async def run(self, stop: asyncio.Event) -> None:
        """Run until ``stop`` is set."""

    def health(self) -> Mapping[str, object]:
        """State for ``/healthz``; ``ready`` says whether it does its work."""


def utc_now() -> datetime:
    """The clock handed to everything below the composition root."""
    return datetime.now(UTC)


def run_role(name: str, settings: Settings, make: Callable[[], Awaitable[Role]]) -> None:
    """Run a role in this process until it is asked to stop; exits non-zero when it fails."""
    configure(settings.log)
    structlog.contextvars.bind_contextvars(process=name)
    try:
        asyncio.run(_run(name, settings, make))
    except* CodestrokeError as group:
        for error in group.exceptions:
            _log.critical("role_failed", role=name, error=type(error).__name__, detail=str(error))
        sys.exit(EXIT_FAILED)


async def _run(name: str, settings: Settings, make: Callable[[], Awaitable[Role]]) -> None:
    stop = asyncio.Event()
    stop_on_signals(stop)
    role = await make()
    async with serve_health(settings.health, name, role.health) as address:
        _log.info("role_up", role=name, health=address, pid=os.getpid())
        await role.run(stop)
    _log.info("role_down", role=name)


def stop_on_signals(stop: asyncio.Event) -> None:
    """Set ``stop`` on SIGTERM or SIGINT; a second one ends the process at once."""
    loop = asyncio.get_running_loop()

    def ask() -> None:
        if stop.is_set():
            os._exit(EXIT_FAILED)
        stop.set()

    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, ask)
