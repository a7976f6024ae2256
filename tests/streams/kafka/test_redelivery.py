"""What a worker had in hand when it died is delivered again, and nothing behind it is lost or overtaken."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import subprocess
import sys
import uuid
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from schemas.errors import PeerUnavailable
from schemas.events import CaseOutcome
from schemas.findings import Outcome
from schemas.topics import Topic
from streams.kafka import admin, letters
from streams.kafka.app import make_app
from streams.kafka.consume import Consumer, Incoming, attach
from streams.kafka.emit import FaustEmitter, make_record
from streams.kafka.producer import AckedProducer
from streams.kafka.settings import KafkaSettings
from tests.streams.kafka.killed_consumer import ROLE, settings_of, topic_of

pytestmark = [
    pytest.mark.integration,
    pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::ResourceWarning"),
    pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning"),
]

ROOT = Path(__file__).parents[3]


def _now() -> datetime:
    return datetime.now(UTC)


@pytest.fixture
def topic(kafka_bootstrap: str) -> Topic:
    """A topic of one partition that holds the cases a, b, c."""
    made, settings = topic_of(f"codestroke.test.t{uuid.uuid4().hex[:8]}.v1"), settings_of(kafka_bootstrap)
    admin.apply(settings, [made])
    producer = AckedProducer(settings, client_id="test")
    for case_id in "abc":
        outcome = Outcome.failed("x")
        body = CaseOutcome(
            case_id=case_id, pathway="p", revision=1, outcome=outcome, arrived_at=_now(), deadline=_now()
        )
        producer.send(make_record(made, case_id, body, case_id=case_id, content="1", source="t", now=_now()))
    producer.close()
    return made


@contextlib.contextmanager
def _process(bootstrap: str, topic: Topic, group: str, folder: Path) -> Iterator[subprocess.Popen[bytes]]:
    command = [sys.executable, "-m", "tests.streams.kafka.killed_consumer", bootstrap, topic.name, group, str(folder)]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, cwd=ROOT)
    try:
        yield process
    finally:
        process.kill()
        process.wait(10)


async def _begun(folder: Path, wanted: list[str]) -> None:
    notes = folder / "begun"
    async with asyncio.timeout(30):
        while not notes.exists() or notes.read_text().split() != wanted:
            await asyncio.sleep(0.1)


async def _seen_by_the_next(settings: KafkaSettings, topic: Topic, group: str, folder: Path) -> list[str]:
    """Cases that a second worker of the same group handles, until the last one has come."""
    app, seen = make_app(ROLE, settings, folder=folder, group_prefix=group), list[str]()

    async def handle(body: CaseOutcome, incoming: Incoming) -> None:
        del incoming
        seen.append(body.case_id)

    emitter = FaustEmitter(app, timeout_s=10)
    attach(app, Consumer(role=ROLE, topic=topic, handle=handle, emitter=emitter, now=_now))
    await app.start()
    try:
        async with asyncio.timeout(30):
            while "c" not in seen:
                await asyncio.sleep(0.05)
    finally:
        await app.stop()
    return seen


async def test_a_killed_workers_record_is_delivered_again(kafka_bootstrap: str, topic: Topic, tmp_path: Path) -> None:
    group = f"t{uuid.uuid4().hex[:8]}"
    with _process(kafka_bootstrap, topic, group, tmp_path) as process:
        await _begun(tmp_path, ["a", "b"])
        await asyncio.sleep(1)  # long enough for the offset of a, and for that of b if it were committed wrongly
        os.kill(process.pid, signal.SIGKILL)
    assert (await _seen_by_the_next(settings_of(kafka_bootstrap), topic, group, tmp_path))[-2:] == ["b", "c"]


async def test_what_was_handled_is_not_delivered_again_after_an_orderly_stop(
    kafka_bootstrap: str, topic: Topic, tmp_path: Path
) -> None:
    settings, group = settings_of(kafka_bootstrap), f"t{uuid.uuid4().hex[:8]}"
    assert await _seen_by_the_next(settings, topic, group, tmp_path) == ["a", "b", "c"]
    (state,) = [one for one in admin.describe(settings, [topic], [f"{group}-{ROLE}"]) if one.name == topic.name]
    assert (state.records, state.lag) == (3, {f"{group}-{ROLE}": 0})


def test_the_lag_of_a_group_that_never_read_is_not_told(kafka_bootstrap: str, topic: Topic) -> None:
    found = admin.describe(settings_of(kafka_bootstrap), [topic], ["nobody"])
    assert [(one.name, one.partitions, one.records, one.lag) for one in found] == [
        (topic.name, 1, 3, {}),
        (topic.dlq, 1, 0, {}),
    ]


def test_topics_that_are_there_are_left_alone(kafka_bootstrap: str, topic: Topic) -> None:
    assert admin.apply(settings_of(kafka_bootstrap), [topic]) == []


def test_a_broker_that_is_not_there_is_named_with_its_setting() -> None:
    absent = KafkaSettings(bootstrap="127.0.0.1:1", request_timeout_s=1)
    for ask in (admin.apply, letters.read):
        with pytest.raises(PeerUnavailable, match=r"kafka\.bootstrap"):
            ask(absent, [topic_of("codestroke.test.none.v1")])
