"""The supervisor around an agent, on the real Kafka: every record ends handled, dead-lettered or tried again."""

from __future__ import annotations

import asyncio
import uuid
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

import pytest

from schemas.codec import Record
from schemas.errors import MalformedEvent, PeerUnavailable
from schemas.events import CaseOutcome
from schemas.findings import Outcome
from schemas.topics import Topic
from streams.kafka import admin, letters
from streams.kafka.app import make_app
from streams.kafka.consume import Consumer, Incoming, attach
from streams.kafka.emit import FaustEmitter, make_record
from streams.kafka.settings import KafkaSettings

pytestmark = [
    pytest.mark.integration,
    # Faust and aiokafka leave their closing to the loop's end.
    pytest.mark.filterwarnings("ignore::ResourceWarning", "ignore::pytest.PytestUnraisableExceptionWarning"),
    pytest.mark.filterwarnings("ignore::DeprecationWarning"),
]


def _now() -> datetime:
    return datetime.now(UTC)


@dataclass
class Bench:
    """A topic of its own, a running app, and what its handler saw."""

    settings: KafkaSettings
    topic: Topic
    emitter: FaustEmitter
    seen: list[str] = field(default_factory=list)
    errors: dict[str, list[Exception]] = field(default_factory=dict)
    failed: list[str] = field(default_factory=list)

    async def handle(self, body: CaseOutcome, incoming: Incoming) -> None:
        """Raise what the test queued for this case, else note it."""
        del incoming
        queued = self.errors.get(body.case_id)
        if queued:
            raise queued.pop(0)
        self.seen.append(body.case_id)

    async def on_failure(self, body: CaseOutcome, incoming: Incoming, error: BaseException) -> None:
        """Note the outcome that would be told."""
        del incoming, error
        self.failed.append(body.case_id)

    async def send(self, *case_ids: str) -> None:
        """Send one event a case, all to one partition, so that their order counts."""
        for case_id in case_ids:
            await self.emitter.emit(self.record(case_id), partition=0)

    def record(self, case_id: str) -> Record:
        """An event of this bench's topic."""
        body = CaseOutcome(
            case_id=case_id, pathway="p", revision=1, outcome=Outcome.failed("x"), arrived_at=_now(), deadline=_now()
        )
        return make_record(self.topic, case_id, body, case_id=case_id, content="1", source="t", now=_now())

    async def until(self, wanted: Callable[[], bool], *, within_s: float = 20.0) -> None:
        """Wait until something holds."""
        async with asyncio.timeout(within_s):
            while not wanted():
                await asyncio.sleep(0.02)

    def letters(self) -> list[letters.Letter]:
        """The dead letters of this bench's topic."""
        return letters.read(self.settings, [self.topic])


@asynccontextmanager
async def _running(bootstrap: str, folder: Path) -> AsyncIterator[Bench]:
    settings = KafkaSettings(bootstrap=bootstrap, partitions=2, session_timeout_s=6)
    name = uuid.uuid4().hex[:8]
    topic = Topic(f"codestroke.test.t{name}.v1", "case_id", CaseOutcome, "Test.", ("t",), ("t",))
    await asyncio.to_thread(admin.apply, settings, [topic])
    app = make_app(f"test-{name}", settings, folder=folder)
    bench = Bench(settings, topic, FaustEmitter(app, timeout_s=10))
    attach(
        app,
        Consumer(
            role="test",
            topic=topic,
            handle=bench.handle,
            on_failure=bench.on_failure,
            emitter=bench.emitter,
            now=_now,
        ),
    )
    await app.start()
    try:
        yield bench
    finally:
        await app.stop()


async def test_poison_between_valid_records_costs_nothing_else(kafka_bootstrap: str, tmp_path: Path) -> None:
    async with _running(kafka_bootstrap, tmp_path) as bench:
        await bench.send("a")
        for value in (b"{not json", b"", b"[1]", b"\x80\x04\x95", b"[" * 50_000):
            await bench.emitter.emit(Record(bench.topic.name, b"k", value, []), partition=0)
        newer = Record(bench.topic.name, b"k", b"{}", [("schema-version", b"9.0")])
        await bench.emitter.emit(newer, partition=0)
        await bench.send("b", "c")
        await bench.until(lambda: bench.seen == ["a", "b", "c"])
        found = await asyncio.to_thread(bench.letters)
    assert len(found) == 6
    assert {letter.reason for letter in found} == {"malformed_event", "unsupported_schema"}
    assert all(letter.origin.topic == bench.topic.name for letter in found)


async def test_a_peer_that_is_away_is_waited_for_and_the_order_is_kept(kafka_bootstrap: str, tmp_path: Path) -> None:
    async with _running(kafka_bootstrap, tmp_path) as bench:
        bench.errors["a"] = [PeerUnavailable("store is away"), PeerUnavailable("store is away")]
        await bench.send("a", "b")
        await bench.until(lambda: bench.seen == ["a", "b"])
        assert await asyncio.to_thread(bench.letters) == []


@pytest.mark.parametrize("error", [MalformedEvent("unknown case", reason="unknown_case"), ValueError("a defect")])
async def test_what_cannot_be_handled_is_told_and_dead_lettered(
    kafka_bootstrap: str, tmp_path: Path, error: Exception
) -> None:
    async with _running(kafka_bootstrap, tmp_path) as bench:
        bench.errors["a"] = [error]
        await bench.send("a", "b")
        await bench.until(lambda: bench.seen == ["b"])
        (letter,) = await asyncio.to_thread(bench.letters)
    assert bench.failed == ["a"]
    assert letter.reason == ("unknown_case" if isinstance(error, MalformedEvent) else "defect")
    assert letter.record.value == bench.record("a").value or b'"a"' in letter.record.value


async def test_a_replayed_letter_is_handled_and_remembered(kafka_bootstrap: str, tmp_path: Path) -> None:
    async with _running(kafka_bootstrap, tmp_path) as bench:
        bench.errors["a"] = [ValueError("a defect")]
        await bench.send("a")
        await bench.until(lambda: bench.failed == ["a"])
        (letter,) = await asyncio.to_thread(_wait_for_letters, bench)
        await bench.emitter.emit(letter.record)
        await bench.until(lambda: bench.seen == ["a"])
        await asyncio.to_thread(letters.mark_replayed, bench.settings, letter)
        left = await asyncio.to_thread(letters.read, bench.settings, [bench.topic], unreplayed_only=True)
    assert left == []
    assert not any(name.startswith("dlq-") for name, _ in letter.record.headers)


def _wait_for_letters(bench: Bench) -> list[letters.Letter]:
    for _ in range(50):
        found = bench.letters()
        if found:
            return found
    return []


async def test_the_lag_of_a_group_is_described(kafka_bootstrap: str, tmp_path: Path) -> None:
    async with _running(kafka_bootstrap, tmp_path) as bench:
        await bench.send("a", "b")
        await bench.until(lambda: len(bench.seen) == 2)
        await asyncio.sleep(1.0)
        states = await asyncio.to_thread(admin.describe, bench.settings, [bench.topic], [])
        assert admin.apply(bench.settings, [bench.topic]) == []
    assert {state.name: state.records for state in states}[bench.topic.name] == 2
