"""Topics on the real broker: made once from the table, described with the lag of their groups."""

from __future__ import annotations

import uuid
from dataclasses import replace

import pytest
from kafka import KafkaConsumer, TopicPartition
from kafka.structs import OffsetAndMetadata

from schemas.codec import Envelope, Record, encode
from schemas.errors import PeerUnavailable
from schemas.events import Heartbeat
from schemas.topics import Topic
from streams.kafka import admin
from streams.kafka.producer import AckedProducer
from streams.kafka.settings import KafkaSettings
from tests.fakes.clock import START

pytestmark = [
    pytest.mark.integration,
    # kafka-python leaves a refused socket to the garbage collector.
    pytest.mark.filterwarnings("ignore::ResourceWarning", "ignore::pytest.PytestUnraisableExceptionWarning"),
]


@pytest.fixture
def topic() -> Topic:
    """A topic that no other test uses."""
    return Topic(f"codestroke.test.a{uuid.uuid4().hex[:8]}.v1", "worker", Heartbeat, "Test.", ("t",), ("t",))


@pytest.fixture
def settings(kafka_bootstrap: str) -> KafkaSettings:
    """Three partitions."""
    return KafkaSettings(bootstrap=kafka_bootstrap, partitions=3)


def _records(topic: Topic, number: int) -> list[Record]:
    body = Heartbeat(role="r", worker="w", sequence=1, sent_at=START)
    return [encode(topic, f"w{n}", body, Envelope(f"e{n}", "t", "w", START)) for n in range(number)]


def _send(settings: KafkaSettings, records: list[Record]) -> None:
    producer = AckedProducer(settings, client_id="test")
    for record in records:
        producer.send(record)
    producer.close()


def _commit(settings: KafkaSettings, topic: Topic, group: str, offsets: dict[int, int]) -> None:
    consumer = KafkaConsumer(**admin.client_arguments(settings), group_id=group, enable_auto_commit=False)
    partitions = {TopicPartition(topic.name, number): offset for number, offset in offsets.items()}
    consumer.assign(list(partitions))
    consumer.commit({partition: OffsetAndMetadata(offset, "", -1) for partition, offset in partitions.items()})
    consumer.close()


def test_what_is_missing_is_made_once_with_its_dead_letters(settings: KafkaSettings, topic: Topic) -> None:
    assert admin.apply(settings, [topic]) == [topic.name, topic.dlq]
    assert admin.apply(settings, [topic]) == []
    states = admin.describe(settings, [topic], [])
    assert [(state.name, state.partitions, state.records) for state in states] == [
        (topic.name, 3, 0),
        (topic.dlq, 3, 0),
    ]


def test_a_topics_own_number_of_partitions_wins(settings: KafkaSettings, topic: Topic) -> None:
    own = replace(topic, partitions=1, dead_letters=False)
    assert admin.apply(settings, [own]) == [own.name]
    (state,) = admin.describe(settings, [own], [])
    assert state.partitions == 1


def test_a_topic_that_does_not_exist_is_left_out(settings: KafkaSettings, topic: Topic) -> None:
    assert admin.describe(settings, [topic], ["nobody"]) == []


def test_lag_is_what_a_group_has_not_committed(settings: KafkaSettings, topic: Topic) -> None:
    admin.apply(settings, [topic])
    _send(settings, _records(topic, 9))
    group = f"g-{topic.name}"
    (before, _) = admin.describe(settings, [topic], [group])
    assert (before.records, before.lag) == (9, {})
    _commit(settings, topic, group, {0: 0, 1: 0, 2: 0})
    (behind, _) = admin.describe(settings, [topic], [group, "nobody"])
    assert behind.lag == {group: 9}


def test_a_broker_that_is_not_there_is_named_with_its_setting(topic: Topic) -> None:
    with pytest.raises(PeerUnavailable, match=r"127\.0\.0\.1:1 \(setting kafka\.bootstrap\)"):
        admin.apply(KafkaSettings(bootstrap="127.0.0.1:1", request_timeout_s=1), [topic])
