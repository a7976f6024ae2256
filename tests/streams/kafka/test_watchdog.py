"""When a worker must end itself: the broker takes its heartbeat but it does not come back, or its loop stands still."""

from __future__ import annotations

import asyncio
import subprocess
import sys
import time
from datetime import UTC, datetime
from pathlib import Path

import pytest

from schemas.codec import Record
from schemas.errors import PeerUnavailable
from schemas.topics import heartbeat
from streams.kafka import admin
from streams.kafka.app import make_app
from streams.kafka.emit import FaustEmitter
from streams.kafka.settings import KafkaSettings
from streams.kafka.watchdog import EXIT_STALLED, Watchdog

pytestmark = [
    pytest.mark.filterwarnings("ignore::ResourceWarning", "ignore::pytest.PytestUnraisableExceptionWarning"),
    pytest.mark.filterwarnings("ignore::DeprecationWarning"),
]

ROOT = Path(__file__).parents[3]


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


class _Broker:
    """Takes heartbeats without ever giving them back, or is away for longer than the watchdog waits."""

    def __init__(self, *, is_away: bool = False) -> None:
        self.is_away = is_away
        self.took = 0

    async def emit(self, record: Record, *, partition: int | None = None) -> None:
        del record, partition
        self.took += 1
        if self.is_away:
            await asyncio.sleep(0.2)
            raise PeerUnavailable("broker is away")


def _with(broker: _Broker, folder: Path, monkeypatch: pytest.MonkeyPatch, partition: int | None) -> Watchdog:
    app = make_app("router", KafkaSettings(), folder=folder)
    watchdog = Watchdog(app, broker, role="router", worker="w", now=_now, every_s=0.05, stall_s=20)
    monkeypatch.setattr(watchdog, "_own_partition", lambda: partition)
    return watchdog


async def _for_a_moment(watchdog: Watchdog, seconds: float = 0.3) -> None:
    stop = asyncio.Event()
    running = asyncio.create_task(watchdog.run(stop))
    await asyncio.sleep(seconds)
    stop.set()
    await running


async def test_a_heartbeat_that_was_taken_and_does_not_return_is_a_stall(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    broker = _Broker()
    watchdog = _with(broker, tmp_path, monkeypatch, 0)
    await _for_a_moment(watchdog)
    watchdog._loop_turned = time.monotonic() + 60
    assert broker.took > 1
    assert watchdog.stalled(time.monotonic() + 19) == ""
    assert watchdog.stalled(time.monotonic() + 21) == "heartbeat_not_consumed"


@pytest.mark.parametrize(("is_away", "partition"), [(True, 0), (False, None)])
async def test_a_broker_that_is_away_and_a_standby_are_no_stall(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, is_away: bool, partition: int | None
) -> None:
    watchdog = _with(_Broker(is_away=is_away), tmp_path, monkeypatch, partition)
    await _for_a_moment(watchdog)
    watchdog._loop_turned = time.monotonic() + 60
    assert watchdog.stalled(time.monotonic() + 60) == ""


async def test_waiting_for_a_broker_is_not_a_loop_that_stands_still(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    watchdog = _with(_Broker(is_away=True), tmp_path, monkeypatch, 0)
    monkeypatch.setattr("streams.kafka.watchdog._WATCH_EVERY_S", 0.01)
    stop, began = asyncio.Event(), time.monotonic()
    running = asyncio.create_task(watchdog.run(stop))
    await asyncio.sleep(0.15)  # in the middle of the first heartbeat, which takes 0.2 s
    turned = watchdog._loop_turned
    stop.set()
    await running
    assert turned > began + 0.05


async def stand_still() -> None:
    """A worker whose loop stops turning; run as a process, which must end."""
    app = make_app("router", KafkaSettings(), folder=Path())
    watchdog = Watchdog(app, _Broker(), role="router", worker="w", now=_now, every_s=0.05, stall_s=1)
    watchdog._own_partition = lambda: 0  # type: ignore[method-assign]
    running = asyncio.create_task(watchdog.run(asyncio.Event()))
    await asyncio.sleep(0.1)
    time.sleep(60)  # noqa: ASYNC251 - the fault that the watchdog is there for
    await running


def test_a_stalled_process_ends_itself_so_that_its_supervisor_starts_it_anew() -> None:
    script = "import asyncio; from tests.streams.kafka.test_watchdog import stand_still; asyncio.run(stand_still())"
    done = subprocess.run([sys.executable, "-c", script], check=False, capture_output=True, timeout=40, cwd=ROOT)
    assert done.returncode == EXIT_STALLED
    assert b"event_loop_blocked" in done.stdout


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
