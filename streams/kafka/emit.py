"""Producing from a Faust app: a send is done when the broker has acknowledged it, not before."""

from __future__ import annotations

import asyncio
from datetime import datetime
from typing import Any, Protocol

import faust
import msgspec
from aiokafka.errors import KafkaError, MessageSizeTooLargeError, RecordTooLargeError

from schemas.codec import Envelope, Record, encode
from schemas.errors import MalformedEvent, PeerUnavailable
from schemas.ids import event_id_of
from schemas.topics import Topic

TRACEPARENT = "traceparent"


class Emitter(Protocol):
    """Where a role sends its events; returns after the broker's acknowledgement."""

    async def emit(self, record: Record, *, partition: int | None = None) -> None:
        """Send one record.

        Raises:
            PeerUnavailable: no acknowledgement came in time.
            MalformedEvent: the broker will never take this record.
        """


class FaustEmitter:
    """The ``Emitter`` over a Faust app's own producer."""

    def __init__(self, app: faust.App, *, timeout_s: float) -> None:
        self._app = app
        self._timeout_s = timeout_s

    async def emit(self, record: Record, *, partition: int | None = None) -> None:
        """Send one record and await the acknowledgement of all in-sync replicas."""
        try:
            async with asyncio.timeout(self._timeout_s):
                await self._send(record, partition)
        except (MessageSizeTooLargeError, RecordTooLargeError) as error:
            raise MalformedEvent(
                f"record for {record.topic} is too large for Kafka", reason="refused_by_broker"
            ) from error
        except (KafkaError, TimeoutError, ConnectionError) as error:
            message = f"Kafka (setting kafka.bootstrap) did not acknowledge {record.topic}: {type(error).__name__}"
            raise PeerUnavailable(message, reason="broker_unavailable") from error

    async def _send(self, record: Record, partition: int | None) -> Any:
        producer = await self._app.maybe_start_producer()
        return await producer.send_and_wait(
            record.topic,
            record.key,
            record.value,
            partition=partition,
            timestamp=None,
            headers=record.headers,
        )


def make_record(  # noqa: PLR0913 - one argument a header
    topic: Topic,
    key: str,
    body: msgspec.Struct,
    *,
    case_id: str,
    content: str,
    source: str,
    now: datetime,
    traceparent: str = "",
    deadline: datetime | None = None,
) -> Record:
    """Encode ``body`` with a deterministic event id made of ``content``."""
    envelope = Envelope(
        event_id=event_id_of(case_id, topic.name, content),
        source=f"codestroke/{source}",
        subject=case_id,
        time=now,
        traceparent=traceparent,
        deadline=deadline,
        schema_version=topic.schema_version,
    )
    return encode(topic, key, body, envelope)
