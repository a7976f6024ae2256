"""When a worker must end itself: the broker takes its heartbeat but it does not come back, or its loop stands still."""

from __future__ import annotations

import asyncio
import time
from datetime import UTC, datetime
from pathlib import Path

import pytest

from schemas.topics import heartbeat
from streams.kafka import admin
from streams.kafka.app import make_app
from streams.kafka.emit import FaustEmitter
from streams.kafka.settings import KafkaSettings
from streams.kafka.watchdog import Watchdog

pytestmark = [
    pytest.mark.filterwarnings("ignore::ResourceWarning", "ignore::pytest.PytestUnraisableExceptionWarning"),
    pytest.mark.filterwarnings("ignore::DeprecationWarning"),
]


def _now() -> datetime:
    return datetime.now(UTC)


def _made(settings: KafkaSettings, folder: Path) -> tuple[object, Watchdog]:
    app = make_app("router", settings, folder=folder, group_prefix=f"t{time.monotonic_ns()}")
    emitter = FaustEmitter(app, timeout_s=10)
    return app, Watchdog(app, emitter, role="router", worker="w", now=_now, every_s=0.1, stall_s=20)


async def test_a_loop_that_stands_still_is_a_stall(tmp_path: Path) -> None:
    _, watchdog = _made(KafkaSettings(), tmp_path)
    assert watchdog.stalled(time.monotonic() + 19) == ""
    assert watchdog.stalled(time.monotonic() + 21) == "event_loop_blocked"


@pytest.mark.integration
async def test_a_heartbeat_comes_back_through_the_workers_own_consumer(kafka_bootstrap: str, tmp_path: Path) -> None:
    settings = KafkaSettings(bootstrap=kafka_bootstrap, partitions=2)
    await asyncio.to_thread(admin.apply, settings, [heartbeat("router")])
    app, watchdog = _made(settings, tmp_path)
    stop = asyncio.Event()
    await app.start()  # type: ignore[attr-defined]
    running = asyncio.create_task(watchdog.run(stop))
    try:
        async with asyncio.timeout(20):
            while watchdog.last_return is None:
                await asyncio.sleep(0.05)
        assert watchdog.stalled(time.monotonic()) == ""
    finally:
        stop.set()
        await running
        await app.stop()  # type: ignore[attr-defined]
