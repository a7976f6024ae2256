"""The supervisor around every agent body: the one place where anything may be caught.

A record ends in exactly one of: handled; dead-lettered (with a ``failed`` outcome where the case is known); or tried
again for as long as a peer is away. The offset is committed only after that.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import faust
import msgspec
import structlog

from schemas.codec import Envelope, decode, read_envelope
from schemas.errors import PermanentError, TransientError
from schemas.topics import Topic
from streams.kafka import metrics
from streams.kafka.app import raw_topic
from streams.kafka.deadletter import Origin, dead_letter
from streams.kafka.emit import Emitter

_log = structlog.get_logger(__name__)
_MAX_WAIT_S = 5.0


@dataclass(frozen=True, slots=True)
class Incoming:
    """A decoded record and its metadata."""

    body: msgspec.Struct
    envelope: Envelope
    received_at: datetime


Handler = Callable[[Any, Incoming], Awaitable[None]]
OnFailure = Callable[[Any, Incoming, BaseException], Awaitable[None]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Consumer:
    """What a role does with the records of one topic.

    ``on_failure`` turns a record that was decoded but could not be handled into a visible outcome.
    """

    role: str
    topic: Topic
    handle: Handler
    emitter: Emitter
    now: Callable[[], datetime]
    on_failure: OnFailure | None = None


def attach(app: faust.App, consumer: Consumer) -> None:
    """Add the agent to the app: concurrency 1, raw bytes, supervised."""

    async def agent(stream: Any) -> None:
        async for event in stream.events():
            await _supervise(consumer, event.message)

    app.agent(raw_topic(app, consumer.topic), name=f"{consumer.role}:{consumer.topic.name}", concurrency=1)(agent)


async def _supervise(consumer: Consumer, message: Any) -> None:
    wait_s = 0.1
    while True:
        try:
            await _once(consumer, message)
        except TransientError as error:
            metrics.RETRIES.labels(consumer.role, error.reason).inc()
            _log.warning("peer_away", role=consumer.role, reason=error.reason, detail=str(error), wait_s=wait_s)
            await asyncio.sleep(wait_s)
            wait_s = min(_MAX_WAIT_S, wait_s * 2)
        else:
            return


async def _once(consumer: Consumer, message: Any) -> None:
    started = consumer.now()
    headers = _headers(message.headers)
    incoming: Incoming | None = None
    try:
        body = decode(consumer.topic, message.value, headers)
        incoming = Incoming(body, read_envelope(headers), started)
        await consumer.handle(body, incoming)
        metrics.HANDLED.labels(consumer.role, consumer.topic.name).inc()
    except TransientError:
        raise
    except PermanentError as error:
        await _bury(consumer, message, headers, incoming, error)
    except Exception as error:  # noqa: BLE001 - the agent supervisor: a defect must cost one record, not the worker
        _log.exception("defect", role=consumer.role, topic=consumer.topic.name, error=type(error).__name__)
        await _bury(consumer, message, headers, incoming, error)


async def _bury(
    consumer: Consumer,
    message: Any,
    headers: list[tuple[str, bytes]],
    incoming: Incoming | None,
    error: Exception,
) -> None:
    if incoming is not None and consumer.on_failure is not None:
        await _tell_failure(consumer, consumer.on_failure, incoming, error)
    letter = dead_letter(
        consumer.topic,
        origin=Origin(message.topic, message.partition, message.offset),
        key=message.key,
        value=message.value,
        headers=headers,
        error=error,
        role=consumer.role,
        now=consumer.now(),
    )
    await consumer.emitter.emit(letter)
    reason = dict(letter.headers)["dlq-reason"].decode()
    metrics.DEAD_LETTERS.labels(consumer.role, reason).inc()
    _log.error("dead_letter", role=consumer.role, topic=consumer.topic.name, offset=message.offset, reason=reason)


async def _tell_failure(consumer: Consumer, tell: OnFailure, incoming: Incoming, error: Exception) -> None:
    try:
        await tell(incoming.body, incoming, error)
    except TransientError:
        raise
    except Exception as second:  # noqa: BLE001 - the agent supervisor: the dead letter must still be written
        _log.exception("defect", role=consumer.role, topic=consumer.topic.name, error=type(second).__name__)


def _headers(raw: Any) -> list[tuple[str, bytes]]:
    pairs = raw.items() if hasattr(raw, "items") else raw or ()
    return [(str(name), bytes(value or b"")) for name, value in pairs]
