"""Topics on the broker: created from the table, described with lag. Uses kafka-python's admin client.

Topics must exist before a worker subscribes, so creating them is a step of its own; the broker creates none itself.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from kafka import KafkaAdminClient, KafkaConsumer, TopicPartition
from kafka.admin import NewTopic
from kafka.errors import KafkaError, TopicAlreadyExistsError

from schemas.errors import PeerUnavailable
from schemas.topics import Topic
from streams.kafka.settings import KafkaSettings


@dataclass(frozen=True, slots=True)
class TopicState:
    """A topic as the broker knows it; ``lag`` sums all partitions for each consumer group that has offsets."""

    name: str
    partitions: int
    records: int
    lag: dict[str, int]


def client_arguments(settings: KafkaSettings) -> dict[str, Any]:
    """Connection arguments shared by kafka-python's clients."""
    arguments: dict[str, Any] = {
        "bootstrap_servers": [address.strip() for address in settings.bootstrap.split(",")],
        "security_protocol": _protocol(settings),
        "ssl_context": settings.ssl_context(),
        "bootstrap_timeout_ms": int(settings.request_timeout_s * 1000),  # kafka-python's own default is 30 s
    }
    if settings.sasl_username:
        arguments |= {
            "sasl_mechanism": settings.sasl_mechanism,
            "sasl_plain_username": settings.sasl_username,
            "sasl_plain_password": settings.sasl_password.get_secret_value(),
        }
    return arguments


def apply(settings: KafkaSettings, topics: Sequence[Topic]) -> list[str]:
    """Create what is missing, dead-letter topics included; returns the names created."""
    wanted: dict[str, NewTopic] = {}
    for topic in topics:
        wanted[topic.name] = _new_topic(topic.name, topic, settings)
        if topic.dead_letters:
            wanted[topic.dlq] = _new_topic(topic.dlq, topic, settings)
    with _admin(settings) as admin:
        missing = sorted(set(wanted) - set(admin.list_topics()))
        for name in missing:
            _create(admin, wanted[name])
    return missing


def describe(settings: KafkaSettings, topics: Sequence[Topic], groups: Sequence[str]) -> list[TopicState]:
    """State of every topic of the table that exists, dead-letter topics included."""
    names = [name for topic in topics for name in ((topic.name, topic.dlq) if topic.dead_letters else (topic.name,))]
    with _admin(settings) as admin:
        committed = {group: _committed(admin, group) for group in groups}
    consumer = KafkaConsumer(**client_arguments(settings), enable_auto_commit=False)
    try:
        return [state for name in names if (state := _state(consumer, name, committed)) is not None]
    finally:
        consumer.close()


def _state(consumer: Any, name: str, committed: dict[str, dict[Any, int]]) -> TopicState | None:
    numbers = consumer.partitions_for_topic(name)
    if not numbers:
        return None
    partitions = [TopicPartition(name, number) for number in sorted(numbers)]
    ends, starts = consumer.end_offsets(partitions), consumer.beginning_offsets(partitions)
    lag = {
        group: sum(ends[tp] - offsets[tp] for tp in partitions if tp in offsets)
        for group, offsets in committed.items()
        if any(tp in offsets for tp in partitions)
    }
    return TopicState(name, len(partitions), sum(ends[tp] - starts[tp] for tp in partitions), lag)


def _committed(admin: Any, group: str) -> dict[Any, int]:
    try:
        found = admin.list_group_offsets(group)
    except KafkaError:
        return {}
    offsets = found.get(group, found) if isinstance(found, dict) else {}
    return {tp: meta.offset for tp, meta in offsets.items() if getattr(meta, "offset", -1) >= 0}


def _new_topic(name: str, topic: Topic, settings: KafkaSettings) -> NewTopic:
    return NewTopic(
        name=name,
        num_partitions=topic.partitions or settings.partitions,
        replication_factor=settings.replication_factor,
        topic_configs={"retention.ms": str(topic.retention_ms), "cleanup.policy": "delete"},
    )


def _create(admin: Any, topic: NewTopic) -> None:
    try:
        admin.create_topics([topic], wait_for_metadata=True)
    except TopicAlreadyExistsError:
        return  # another process was quicker; that is what we wanted


@contextmanager
def _admin(settings: KafkaSettings) -> Iterator[Any]:
    try:
        admin = KafkaAdminClient(**client_arguments(settings))
    except KafkaError as error:
        raise _away(settings, error) from error
    try:
        yield admin
    except KafkaError as error:
        raise _away(settings, error) from error
    finally:
        admin.close()


def _away(settings: KafkaSettings, error: Exception) -> PeerUnavailable:
    message = f"Kafka at {settings.bootstrap} (setting kafka.bootstrap): {type(error).__name__}"
    return PeerUnavailable(message, reason="broker_unavailable")


def _protocol(settings: KafkaSettings) -> str:
    if settings.tls:
        return "SASL_SSL" if settings.sasl_username else "SSL"
    return "PLAINTEXT"
