"""Hostile study events into the real router: each ends in a dead letter or is handled, and its neighbours become cases.

The numbers K1 to K19 are those of the project's list of hostile events.
"""

from __future__ import annotations

import asyncio
import base64
import os
import pickle
import uuid
from collections.abc import AsyncIterator, Callable, Iterable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any

import msgspec
import pytest
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, TopicPartition
from aiokafka.errors import MessageSizeTooLargeError
from kafka import KafkaProducer

from schemas.codec import Envelope, Record, encode
from schemas.events import StudyArrived
from schemas.ids import case_id_of, study_uid
from schemas.priorities import Priority
from schemas.topics import STUDY_ARRIVED
from store.cases import count
from store.engine import StoreSettings, transaction
from streams.kafka import admin, letters
from streams.kafka.letters import Letter
from streams.kafka.settings import KafkaSettings
from streams.pathways import all_pathways
from tests.fakes.studies import study
from tests.integration.workers import SITE_KEY, Workers, utc_now, working

pytestmark = [
    pytest.mark.integration,
    # Faust, aiokafka and kafka-python leave their closing to the loop's end.
    pytest.mark.filterwarnings("ignore::ResourceWarning", "ignore::pytest.PytestUnraisableExceptionWarning"),
    pytest.mark.filterwarnings("ignore::DeprecationWarning"),
]


class _NotUtf8(str):
    """A header name of bytes that are no text; a producer that is not ours can send one."""

    __slots__ = ()

    def encode(self, *_: object, **__: object) -> bytes:
        return b"\xff\xfe"


@dataclass(frozen=True, slots=True)
class Hostile:
    """One record that is none of ours, and why it is refused."""

    name: str
    value: bytes | None
    reason: str
    key: bytes | None = b"k"
    headers: Sequence[tuple[str, Any]] = field(default_factory=list)


def _film(uid: str | None = None, **changes: Any) -> StudyArrived:
    """An MR study: no pathway reads it, so that router and decider alone bring it to its end."""
    uid = uid or f"2.25.{uuid.uuid4().int}"
    return study(uid, modality="MR", body_part="KNEE", **{"arrived_at": utc_now(), **changes})


def _arrival(body: StudyArrived, event_id: str = "") -> Record:
    envelope = Envelope(event_id or uuid.uuid4().hex, "test", body.study_uid, utc_now())
    return encode(STUDY_ARRIVED, body.study_uid, body, envelope)


def _changed(change: Callable[[dict[str, Any]], object]) -> bytes:
    body: dict[str, Any] = msgspec.to_builtins(_film())
    change(body)
    return msgspec.json.encode(body)


def _with(**values: object) -> bytes:
    return _changed(lambda body: body.update(values))


def _clocks(last_instance_at: str) -> bytes:
    return _with(clocks={"last_instance_at": last_instance_at, "ready_at": utc_now()})


HOSTILE = [
    Hostile("K1 not JSON", b"{not json", "malformed_event"),
    Hostile("K1 cut in the middle", _with()[:-40], "malformed_event"),
    Hostile("K2 null", None, "null_value"),
    Hostile("K2 empty", b"", "malformed_event"),
    Hostile("K3 list", b"[1, 2]", "malformed_event"),
    Hostile("K3 number", b"42", "malformed_event"),
    Hostile("K4 no UID", _changed(lambda body: body.pop("study_uid")), "malformed_event"),
    Hostile("K4 UID that is none", _with(study_uid="../../etc/passwd"), "bad_uid"),
    Hostile("K4 UID too long", _with(study_uid="1" * 65), "bad_uid"),
    Hostile("K5 wrong type", _with(revision="one"), "malformed_event"),
    Hostile("K5 number beyond its column", _with(revision=2**62), "not_storable"),
    Hostile("K5 NUL in a text", _with(description="a\x00b"), "not_storable"),
    Hostile("K5 time without a zone", _clocks("2026-03-01T03:00:00"), "malformed_event"),
    Hostile("K5 text that no index takes", _with(site=base64.b64encode(os.urandom(20_000)).decode()), "not_storable"),
    Hostile("K6 newer major version", _with(), "unsupported_schema", headers=[("schema-version", b"2.0")]),
    Hostile("K6 version that is none", _with(), "bad_version", headers=[("schema-version", "²".encode())]),
    Hostile("K7 more than an event may hold", b'"' + b"x" * 300_000 + b'"', "too_large"),
    Hostile("K7 as much as the broker takes", b"x" * 1_048_480, "too_large"),
    Hostile("K8 nested a hundred thousand times", b"[" * 100_000, "malformed_event"),
    Hostile("K12 the last second that there is", _clocks("9999-12-31T23:59:59Z"), "defect"),
    Hostile("K13 key that is no text", b"{}", "malformed_event", key=b"\xff\xfe\x00"),
    Hostile("K13 no key", b"{}", "malformed_event", key=None),
    Hostile("K14 blessed key", b'{"__faust": {"ns": "faust.models.base.Model"}}', "malformed_event"),
    Hostile("K15 pickle", pickle.dumps({"study_uid": "1.2.3"}), "malformed_event"),
    Hostile("K19 header flood", b"{}", "malformed_event", headers=[(f"h{n}", b"x" * 100) for n in range(5_000)]),
    Hostile("K19 header that fills the record", b"{}", "malformed_event", headers=[("h", b"x" * 1_048_400)]),
    Hostile("K19 header without a value", b"{}", "malformed_event", headers=[("schema-version", None)]),
]


@dataclass(frozen=True, slots=True)
class Door:
    """The topic of arrivals as anybody may write to it, and what the router made of it."""

    workers: Workers
    producer: AIOKafkaProducer
    known: frozenset[tuple[str, int, int]]

    async def send(self, record: Record | Hostile) -> None:
        """Send one record and await the broker; one partition keeps the order."""
        await self.producer.send_and_wait(
            STUDY_ARRIVED.name, record.value, key=record.key, headers=list(record.headers), partition=0
        )

    async def decided(self, uids: Iterable[str]) -> None:
        """Wait until these studies have an outcome on every pathway."""
        missing = {case_id_of(SITE_KEY, study_uid(uid)) for uid in uids}

        async def all_there() -> bool:
            for case_id in tuple(missing):
                if len(await self.workers.outcomes(case_id)) == len(all_pathways()):
                    missing.discard(case_id)
            return not missing

        await self.workers.until(all_there, within_s=40)

    async def letters(self, wanted: int) -> list[Letter]:
        """Wait for so many dead letters of this block; returns them in the order of their origin."""
        async with asyncio.timeout(40):
            while len(found := await self._new_letters()) < wanted:
                await asyncio.sleep(0.2)
        return sorted(found, key=lambda letter: letter.origin.offset)

    async def _new_letters(self) -> list[Letter]:
        found = await asyncio.to_thread(letters.read, self.workers.deps.kafka, [STUDY_ARRIVED])
        return [letter for letter in found if (letter.topic, letter.partition, letter.offset) not in self.known]

    async def cases(self) -> int:
        """Number of registered cases."""
        async with transaction(self.workers.deps.engine) as connection:
            return await count(connection)


@asynccontextmanager
async def _door(bootstrap: str, store: StoreSettings, folder: Path) -> AsyncIterator[Door]:
    kafka = KafkaSettings(bootstrap=bootstrap)
    await asyncio.to_thread(admin.apply, kafka, [STUDY_ARRIVED])
    old = await asyncio.to_thread(letters.read, kafka, [STUDY_ARRIVED])
    known = frozenset((letter.topic, letter.partition, letter.offset) for letter in old)
    async with (
        AIOKafkaProducer(bootstrap_servers=bootstrap, acks="all", max_request_size=4 << 20) as producer,
        working(("router", "decider"), kafka, store, folder) as workers,
    ):
        yield Door(workers, producer, known)


async def test_every_hostile_event_is_buried_and_its_neighbours_become_cases(
    kafka_bootstrap: str, store_settings: StoreSettings, tmp_path: Path
) -> None:
    neighbours = [_film() for _ in range(len(HOSTILE) + 1)]
    async with _door(kafka_bootstrap, store_settings, tmp_path) as door:
        await door.send(_arrival(neighbours[0]))
        for hostile, neighbour in zip(HOSTILE, neighbours[1:], strict=True):
            await door.send(hostile)
            await door.send(_arrival(neighbour))
        await door.decided(body.study_uid for body in neighbours)
        found = await door.letters(len(HOSTILE))
        assert await door.cases() == len(neighbours)
    told = [(hostile.name, letter.reason) for hostile, letter in zip(HOSTILE, found, strict=True)]
    assert told == [(hostile.name, hostile.reason) for hostile in HOSTILE]


async def test_a_header_name_that_is_no_text_is_buried_too(
    kafka_bootstrap: str, store_settings: StoreSettings, tmp_path: Path
) -> None:
    neighbours = [_film(), _film()]
    async with _door(kafka_bootstrap, store_settings, tmp_path) as door:
        for neighbour in neighbours:
            await asyncio.to_thread(_send_by_another_client, door.workers.deps.kafka)
            await door.send(_arrival(neighbour))
        await door.decided(body.study_uid for body in neighbours)
        found = await door.letters(6)
    assert [letter.reason for letter in found] == ["malformed_event"] * 6
    assert all(dict(letter.record.headers)["unreadable"] == b"header_name" for letter in found)


def _send_by_another_client(kafka: KafkaSettings) -> None:
    """Send three records in one batch, the first of which aiokafka cannot unpack."""
    producer = KafkaProducer(**admin.client_arguments(kafka), acks="all", linger_ms=200)
    name = _NotUtf8("h")
    headers: list[list[tuple[str, bytes]]] = [[(name, b"x")], [], [(name, b"y")]]
    sent = [producer.send(STUDY_ARRIVED.name, b"{}", key=b"k", headers=item, partition=0) for item in headers]
    for future in sent:
        future.get(timeout=20)
    producer.close(timeout=5)


async def test_more_than_the_broker_takes_is_refused_to_the_sender(
    kafka_bootstrap: str, store_settings: StoreSettings, tmp_path: Path
) -> None:
    del store_settings, tmp_path
    kafka = KafkaSettings(bootstrap=kafka_bootstrap)
    await asyncio.to_thread(admin.apply, kafka, [STUDY_ARRIVED])
    async with AIOKafkaProducer(bootstrap_servers=kafka_bootstrap, max_request_size=4 << 20) as producer:
        with pytest.raises(MessageSizeTooLargeError):
            await producer.send_and_wait(STUDY_ARRIVED.name, b"x" * 2_000_000, partition=0)


async def test_repeated_reordered_and_late_events_leave_one_case_with_the_newest_revision(
    kafka_bootstrap: str, store_settings: StoreSettings, tmp_path: Path
) -> None:
    """K9 to K12: the same event again, the same id with another body, the newer revision first, clocks a day off."""
    again, reused, reordered = _film(), _film(), _film()
    early, late = (_film(arrived_at=utc_now() + timedelta(days=days)) for days in (-1, 1))
    async with _door(kafka_bootstrap, store_settings, tmp_path) as door:
        for _ in range(3):
            await door.send(_arrival(again, "the same"))
        await door.send(_arrival(reused, "an id"))
        await door.send(_arrival(msgspec.structs.replace(reused, priority=Priority.STAT), "an id"))
        await door.send(_arrival(msgspec.structs.replace(reordered, revision=2)))
        await door.send(_arrival(reordered))
        for body in (early, late):
            await door.send(_arrival(body))
        await door.decided(body.study_uid for body in (again, reused, reordered, early, late))
        case = await door.workers.case(case_id_of(SITE_KEY, study_uid(reordered.study_uid)))
        assert await door.cases() == 5
        assert await door.letters(0) == []
    assert case is not None
    assert case.revision == 2


async def test_a_source_that_is_an_address_is_looked_up_as_a_name_only(
    kafka_bootstrap: str, store_settings: StoreSettings, tmp_path: Path
) -> None:
    """K16: the event may name what it likes; only configured aliases lead anywhere."""
    bodies = [
        msgspec.structs.replace(_film(), source=source)
        for source in ("http://169.254.169.254/latest", "file:///etc/passwd", "../../spool")
    ]
    async with _door(kafka_bootstrap, store_settings, tmp_path) as door:
        for body in bodies:
            await door.send(_arrival(body))
        await door.decided(body.study_uid for body in bodies)


async def test_a_replay_from_the_first_offset_changes_nothing(
    kafka_bootstrap: str, store_settings: StoreSettings, tmp_path: Path
) -> None:
    """K17, K18: a burst, then everything once more."""
    bodies = [_film() for _ in range(100)]
    async with _door(kafka_bootstrap, store_settings, tmp_path) as door:
        start = await _end(kafka_bootstrap)
        await asyncio.gather(*(door.send(_arrival(body)) for body in bodies))
        await door.decided(body.study_uid for body in bodies)
        before = await door.workers.worklist()
    await _rewind(kafka_bootstrap, start)
    last = _film()
    async with _door(kafka_bootstrap, store_settings, tmp_path) as door:
        await door.send(_arrival(last))
        await door.decided([last.study_uid])
        after = await door.workers.worklist()
        assert await door.cases() == len(bodies) + 1
    assert {case_id: row for case_id, row in after.items() if case_id in before} == before


async def _end(bootstrap: str) -> int:
    partition = TopicPartition(STUDY_ARRIVED.name, 0)
    async with AIOKafkaConsumer(bootstrap_servers=bootstrap) as consumer:
        return int((await consumer.end_offsets([partition]))[partition])


async def _rewind(bootstrap: str, offset: int) -> None:
    partition = TopicPartition(STUDY_ARRIVED.name, 0)
    consumer = AIOKafkaConsumer(bootstrap_servers=bootstrap, group_id="codestroke-router", enable_auto_commit=False)
    async with consumer:
        consumer.assign([partition])
        await consumer.commit({partition: offset})
