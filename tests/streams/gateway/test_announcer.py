"""An announcement stays until Kafka has it, and holds up no other."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import structlog

from schemas.codec import Record
from schemas.errors import MalformedEvent
from streams.gateway.announcer import Announcer, SinkState
from streams.gateway.index import Announcement, Index
from tests.streams.gateway.builders import RememberingSink

NOW = datetime(2024, 3, 1, 12, tzinfo=UTC)


class PickySink(RememberingSink):
    """Refuses records of one study for ever, as a broker refuses one that is too large."""

    def send(self, record: Record) -> None:
        """Keep the record, or refuse it."""
        if record.key == b"1.2.1":
            raise MalformedEvent("too large", reason="refused_by_broker")
        super().send(record)


def announcement(number: int) -> Announcement:
    record = Record("t", f"1.2.{number}".encode(), b"{}", [("ce_subject", f"case-{number}".encode())])
    return Announcement(f"event-{number}", f"1.2.{number}", 1, record, NOW + timedelta(seconds=number))


@pytest.fixture
def index(tmp_path: Path) -> Iterator[Index]:
    made = Index(tmp_path / "index.sqlite")
    yield made
    made.close()


@asynccontextmanager
async def announcing(index: Index, sink: RememberingSink) -> AsyncIterator[Announcer]:
    announcer, stop = Announcer(index, sink, retry_max_s=0.2), asyncio.Event()
    task = asyncio.create_task(announcer.run(stop))
    try:
        yield announcer
    finally:
        stop.set()
        await task


async def until_idle(announcer: Announcer, unsent: int) -> None:
    async with asyncio.timeout(5):
        while announcer.unsent != unsent or announcer.state is SinkState.UNTRIED:
            await asyncio.sleep(0.01)


async def test_oldest_first_and_each_once(index: Index) -> None:
    for number in (3, 1, 2):
        index.announce(announcement(number))
    sink = RememberingSink()
    async with announcing(index, sink) as announcer:
        await until_idle(announcer, 0)
        announcer.wake()
        await asyncio.sleep(0.1)
    assert [record.key for record in sink.records] == [b"1.2.1", b"1.2.2", b"1.2.3"]
    assert index.unsent() == []


async def test_broker_away_is_told_once_and_tried_again(index: Index) -> None:
    index.announce(announcement(1))
    sink = RememberingSink()
    sink.is_down = True
    with structlog.testing.capture_logs() as logs:
        async with announcing(index, sink) as announcer:
            await asyncio.sleep(0.6)
            assert (announcer.state, announcer.unsent) == (SinkState.DOWN, 1)
            sink.is_down = False
            await until_idle(announcer, 0)
    assert [line["event"] for line in logs] == ["announcement_delayed", "kafka_back", "study_announced"]
    assert len(sink.records) == 1


async def test_a_refused_announcement_holds_up_no_other_and_stays_counted(index: Index) -> None:
    for number in (1, 2):
        index.announce(announcement(number))
    sink = PickySink()
    async with announcing(index, sink) as announcer:
        await until_idle(announcer, 1)
        await asyncio.sleep(0.1)
        assert announcer.unsent == 1
    assert [record.key for record in sink.records] == [b"1.2.2"]
    assert [one.event_id for one in index.unsent()] == ["event-1"]
