"""The producer returns after the ack, fails with the setting's name, and comes back with the broker."""

from __future__ import annotations

import time
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from kafka import KafkaConsumer, TopicPartition

from codestroke.services.stack import Part, Stack
from schemas.codec import Envelope, Record, encode
from schemas.errors import PeerUnavailable
from schemas.events import Heartbeat
from schemas.topics import heartbeat
from streams.kafka import admin
from streams.kafka.producer import AckedProducer, producer_config
from streams.kafka.settings import KafkaSettings

# kafka-python 3.0.12 leaves a refused socket to the garbage collector (kafka/net/inet.py).
pytestmark = pytest.mark.filterwarnings("ignore:unclosed <socket:ResourceWarning")
TOPIC = heartbeat("gateway-test")
NOW = datetime(2024, 3, 1, tzinfo=UTC)


def record(sequence: int) -> Record:
    body = Heartbeat(role="gateway-test", worker="w", sequence=sequence, sent_at=NOW)
    return encode(TOPIC, "w", body, Envelope(f"id-{sequence}", "test", "w", NOW))


def seconds_until_sent(producer: AckedProducer, one: Record, limit_s: float = 20) -> float:
    began = time.monotonic()
    while time.monotonic() - began < limit_s:
        try:
            producer.send(one)
            break
        except PeerUnavailable:
            time.sleep(0.05)
    return time.monotonic() - began


@pytest.fixture
def settings(kafka_bootstrap: str) -> KafkaSettings:
    chosen = KafkaSettings(bootstrap=kafka_bootstrap, partitions=1, request_timeout_s=3)
    admin.apply(chosen, [TOPIC])
    return chosen


@pytest.fixture
def producer(settings: KafkaSettings) -> Iterator[AckedProducer]:
    made = AckedProducer(settings, client_id="test")
    yield made
    made.close()


def test_tls_is_never_weakened(monkeypatch: pytest.MonkeyPatch) -> None:
    settings = KafkaSettings(tls=True)
    monkeypatch.setattr(KafkaSettings, "ssl_context", lambda _self: "context")
    assert producer_config(settings, "test")["security_protocol"] == "SSL"
    assert producer_config(KafkaSettings(), "test")["security_protocol"] == "PLAINTEXT"


def test_missing_certificate_stops_the_start(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        producer_config(KafkaSettings(tls=True, ca_file=tmp_path / "none.pem"), "test")


def test_broker_that_is_not_there_is_named_with_its_setting() -> None:
    producer = AckedProducer(KafkaSettings(bootstrap="127.0.0.1:1", request_timeout_s=1), client_id="test")
    began = time.monotonic()
    with pytest.raises(PeerUnavailable, match=r"kafka\.bootstrap"):
        producer.send(record(0))
    assert time.monotonic() - began < 5


@pytest.mark.integration
def test_send_returns_when_the_record_is_in_the_log(settings: KafkaSettings, producer: AckedProducer) -> None:
    consumer = KafkaConsumer(**admin.client_arguments(settings))
    partition = TopicPartition(TOPIC.name, 0)
    before = consumer.end_offsets([partition])[partition]
    producer.send(record(1))
    assert consumer.end_offsets([partition])[partition] == before + 1
    consumer.close()


@pytest.mark.integration
def test_producer_comes_back_with_the_broker(stack: Stack, settings: KafkaSettings, producer: AckedProducer) -> None:
    producer.send(record(2))
    stack.stop(Part.KAFKA)
    with pytest.raises(PeerUnavailable):
        producer.send(record(3))
    stack.start(Part.KAFKA)
    stack.wait_ready(Part.KAFKA)
    assert seconds_until_sent(producer, record(3)) < 5
