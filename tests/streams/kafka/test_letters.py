"""Dead letters read from the real broker, and how far they were replayed."""

from __future__ import annotations

import uuid

import pytest

from schemas.codec import Record
from schemas.errors import MalformedEvent
from schemas.events import Heartbeat
from schemas.topics import Topic
from streams.kafka import admin, letters
from streams.kafka.deadletter import Origin, dead_letter
from streams.kafka.producer import AckedProducer
from streams.kafka.settings import KafkaSettings
from tests.fakes.clock import START

pytestmark = [
    pytest.mark.integration,
    # kafka-python leaves a socket to the garbage collector.
    pytest.mark.filterwarnings("ignore::ResourceWarning", "ignore::pytest.PytestUnraisableExceptionWarning"),
]
SENT = [("ce_id", b"e1"), ("odd", b"\xff")]


@pytest.fixture
def settings(kafka_bootstrap: str) -> KafkaSettings:
    """One partition, so that the order counts."""
    return KafkaSettings(bootstrap=kafka_bootstrap, partitions=1)


@pytest.fixture
def topic(settings: KafkaSettings) -> Topic:
    """A topic of its own, with its dead letters."""
    made = Topic(f"codestroke.test.l{uuid.uuid4().hex[:8]}.v1", "worker", Heartbeat, "Test.", ("t",), ("t",))
    admin.apply(settings, [made])
    return made


def _bury(settings: KafkaSettings, topic: Topic, *values: bytes) -> None:
    producer = AckedProducer(settings, client_id="test")
    for offset, value in enumerate(values):
        producer.send(
            dead_letter(
                topic,
                origin=Origin(topic.name, 0, offset),
                key=b"k",
                value=value,
                headers=SENT,
                error=MalformedEvent("not JSON"),
                role="router",
                now=START,
            )
        )
    producer.close()


def test_without_letters_there_are_none(settings: KafkaSettings, topic: Topic) -> None:
    assert letters.read(settings, [topic]) == []


def test_a_letter_tells_origin_and_reason_and_holds_the_record(settings: KafkaSettings, topic: Topic) -> None:
    _bury(settings, topic, b"{first", b"{second")
    first, second = letters.read(settings, [topic])
    assert first.origin == Origin(topic.name, 0, 0)
    assert (first.reason, first.detail, first.role) == ("malformed_event", "not JSON", "router")
    assert first.at == START.isoformat()
    assert first.record == Record(topic.name, b"k", b"{first", SENT)
    assert (second.offset, second.record.value) == (1, b"{second")


def test_what_was_replayed_is_not_offered_again(settings: KafkaSettings, topic: Topic) -> None:
    _bury(settings, topic, b"1", b"2", b"3")
    _, second, third = letters.read(settings, [topic], unreplayed_only=True)
    letters.mark_replayed(settings, second)
    assert letters.read(settings, [topic], unreplayed_only=True) == [third]
    assert len(letters.read(settings, [topic])) == 3


def test_a_letter_that_is_cut_or_from_elsewhere_is_not_for_replay(settings: KafkaSettings, topic: Topic) -> None:
    _bury(settings, topic, b"whole", b"x" * 900_000)
    elsewhere = Record(topic.dlq, b"k", b"{}", [("dlq-origin-topic", b"codestroke.case.outcome.v1")])
    producer = AckedProducer(settings, client_id="test")
    producer.send(elsewhere)
    producer.close()
    found = letters.read(settings, [topic])
    assert [letter.replayable for letter in found] == [True, False, False]
    assert [letter.cut for letter in found] == ["", "value", ""]


def test_a_record_that_is_no_letter_of_ours_is_still_listed(settings: KafkaSettings, topic: Topic) -> None:
    producer = AckedProducer(settings, client_id="test")
    producer.send(Record(topic.dlq, b"", b"?", [("dlq-origin-offset", "²".encode()), ("dlq-reason", b"\xff")]))
    producer.close()
    (letter,) = letters.read(settings, [topic])
    assert letter.origin == Origin("", -1, -1)
