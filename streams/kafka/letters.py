"""Reading and replaying dead letters with kafka-python, for ``codestroke dlq``.

A replay sends the original key, value and headers to the topic they came from; consumers drop what they know already.
Replayed letters stay on the dead-letter topic until its retention ends; a committed offset remembers how far we came.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from kafka import KafkaConsumer, TopicPartition
from kafka.errors import KafkaError
from kafka.structs import OffsetAndMetadata

from schemas.codec import Record
from schemas.errors import PeerUnavailable
from schemas.topics import DLQ_SUFFIX, Topic
from streams.kafka import deadletter
from streams.kafka.admin import client_arguments
from streams.kafka.settings import KafkaSettings

GROUP = "codestroke-dlq-replay"
_POLL_MS = 500


@dataclass(frozen=True, slots=True)
class Letter:
    """One dead letter: where it lies, where it came from, why."""

    topic: str
    partition: int
    offset: int
    origin: deadletter.Origin
    reason: str
    detail: str
    role: str
    at: str
    record: Record
    cut: str = ""
    """Which parts of the record the letter could not hold whole."""

    @property
    def replayable(self) -> bool:
        """Whether the letter holds the whole record and names the topic that this dead-letter topic belongs to."""
        return not self.cut and self.topic == self.origin.topic + DLQ_SUFFIX


def read(settings: KafkaSettings, topics: Sequence[Topic], *, unreplayed_only: bool = False) -> list[Letter]:
    """Read the dead letters of ``topics``, oldest first in each partition.

    Raises:
        PeerUnavailable: Kafka does not answer.
    """
    with _consumer(settings) as consumer:
        partitions = _partitions(consumer, topics)
        if not partitions:
            return []
        consumer.assign(partitions)
        ends = consumer.end_offsets(partitions)
        for partition in partitions:
            committed = consumer.committed(partition) if unreplayed_only else None
            if committed is not None:
                consumer.seek(partition, _offset(committed))
            else:
                consumer.seek_to_beginning(partition)
        return [_letter(message) for message in _until(consumer, ends)]


def mark_replayed(settings: KafkaSettings, letter: Letter) -> None:
    """Remember that ``letter`` and all before it in its partition were replayed."""
    with _consumer(settings) as consumer:
        partition = TopicPartition(letter.topic, letter.partition)
        consumer.assign([partition])
        consumer.commit({partition: OffsetAndMetadata(letter.offset + 1, "", -1)})


def _until(consumer: Any, ends: dict[TopicPartition, int]) -> Iterator[Any]:
    while any(consumer.position(partition) < end for partition, end in ends.items()):
        for messages in consumer.poll(timeout_ms=_POLL_MS).values():
            yield from messages


def _letter(message: Any) -> Letter:
    headers = [(str(name), bytes(raw or b"")) for name, raw in message.headers or ()]
    why = {name: raw.decode("utf-8", "replace") for name, raw in headers}
    origin = deadletter.Origin(
        why.get(deadletter.ORIGIN_TOPIC, ""),
        _number(why.get(deadletter.ORIGIN_PARTITION)),
        _number(why.get(deadletter.ORIGIN_OFFSET)),
    )
    kept = deadletter.without_dead_letter_headers(headers)
    return Letter(
        topic=message.topic,
        partition=message.partition,
        offset=message.offset,
        origin=origin,
        reason=why.get(deadletter.REASON, ""),
        detail=why.get(deadletter.DETAIL, ""),
        role=why.get(deadletter.ROLE, ""),
        at=why.get(deadletter.AT, ""),
        cut=why.get(deadletter.CUT, ""),
        record=Record(origin.topic, message.key or b"", message.value or b"", kept),
    )


def _number(text: str | None) -> int:
    return int(text) if text and text.isascii() and text.isdigit() else -1


def _offset(committed: Any) -> int:
    return int(getattr(committed, "offset", committed))


def _partitions(consumer: Any, topics: Sequence[Topic]) -> list[TopicPartition]:
    names = [topic.dlq for topic in topics if topic.dead_letters]
    return [
        TopicPartition(name, number) for name in names for number in sorted(consumer.partitions_for_topic(name) or ())
    ]


@contextmanager
def _consumer(settings: KafkaSettings) -> Iterator[Any]:
    try:
        consumer = KafkaConsumer(**client_arguments(settings), group_id=GROUP, enable_auto_commit=False)
    except KafkaError as error:
        raise _away(settings, error) from error
    try:
        yield consumer
    except KafkaError as error:
        raise _away(settings, error) from error
    finally:
        consumer.close()


def _away(settings: KafkaSettings, error: Exception) -> PeerUnavailable:
    message = f"Kafka at {settings.bootstrap} (setting kafka.bootstrap): {type(error).__name__}"
    return PeerUnavailable(message, reason="broker_unavailable")
