"""Wire codec: JSON bodies, CloudEvents 1.0 headers (Kafka protocol binding, binary mode), trace context, deadline.

Who calls it: every producer and every agent. It decides whether bytes are one of our events; it never does I/O.
A newer minor version is read (unknown fields are ignored); another major version is refused.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TypeVar

import msgspec

from schemas.errors import MalformedEvent, UnsupportedSchema
from schemas.topics import Topic

Body = TypeVar("Body", bound=msgspec.Struct)
Headers = list[tuple[str, bytes]]

MAX_BODY_BYTES = 256 * 1024
_MAX_HEADER_BYTES = 4096


@dataclass(frozen=True, slots=True)
class Envelope:
    """Metadata of an event beside its body.

    Attributes:
        event_id: deterministic id (``schemas.ids.event_id_of``); consumers dedupe by it.
        source: who produced it, for example ``codestroke/router``.
        subject: the case id, or the key where there is no case.
        time: when it was produced (aware UTC).
        traceparent: W3C trace context, passed on unchanged or started by the gateway.
        deadline: by when the case's outcome must have been acted on.
        extra: headers of others, kept for dead letters.
    """

    event_id: str
    source: str
    subject: str
    time: datetime
    traceparent: str = ""
    deadline: datetime | None = None
    schema_version: str = "1.0"
    extra: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Record:
    """A Kafka record ready to be sent."""

    topic: str
    key: bytes
    value: bytes
    headers: Headers


def encode(topic: Topic, key: str, body: msgspec.Struct, envelope: Envelope) -> Record:
    """Encode ``body`` for ``topic``.

    Raises:
        MalformedEvent: the body is not of the topic's type, larger than 256 KiB (events carry references), or
            holds a lone surrogate, which no UTF-8 text can carry.
    """
    if not isinstance(body, topic.body):
        raise MalformedEvent(f"{topic.name} takes {topic.body.__name__}, not {type(body).__name__}")
    try:
        record = Record(topic.name, key.encode(), msgspec.json.encode(body), _headers(topic, envelope))
    except UnicodeEncodeError as error:
        raise MalformedEvent(f"{topic.name}: a text is not Unicode", reason="bad_text") from error
    if len(record.value) > MAX_BODY_BYTES:
        raise MalformedEvent(f"{topic.name}: body of {len(record.value)} bytes exceeds {MAX_BODY_BYTES}")
    return record


def decode(topic: Topic, value: bytes | None, headers: Iterable[tuple[str, bytes]] | None) -> msgspec.Struct:
    """Decode a record of ``topic`` into its body type.

    Raises:
        MalformedEvent: null, too large, not JSON, not of the body's shape.
        UnsupportedSchema: the ``schema-version`` header names another major version.
    """
    if value is None:
        raise MalformedEvent(f"{topic.name}: null value", reason="null_value")
    if len(value) > MAX_BODY_BYTES:
        raise MalformedEvent(f"{topic.name}: {len(value)} bytes", reason="too_large")
    _check_version(topic, headers)
    try:
        return msgspec.json.decode(value, type=topic.body)
    except (msgspec.MsgspecError, RecursionError, UnicodeDecodeError) as error:
        # The text of the error may quote the body; its type and path are enough and safe.
        raise MalformedEvent(f"{topic.name}: {_safe(error)}") from error


def read_envelope(headers: Iterable[tuple[str, bytes]] | None) -> Envelope:
    """Read our headers; absent or broken ones become defaults, because only the body decides whether to act."""
    found = {name: _text(raw) for name, raw in headers or ()}
    return Envelope(
        event_id=found.get("ce_id", ""),
        source=found.get("ce_source", ""),
        subject=found.get("ce_subject", ""),
        time=_instant(found.get("ce_time", "")) or datetime.fromtimestamp(0, tz=UTC),
        traceparent=found.get("traceparent", ""),
        deadline=_instant(found.get("deadline", "")),
        schema_version=found.get("schema-version") or "1.0",
        extra=found,
    )


def _headers(topic: Topic, envelope: Envelope) -> Headers:
    pairs = {
        "ce_specversion": "1.0",
        "ce_id": envelope.event_id,
        "ce_type": topic.name,
        "ce_source": envelope.source,
        "ce_subject": envelope.subject,
        "ce_time": envelope.time.isoformat(),
        "content-type": "application/json",
        "schema-version": topic.schema_version,
        "traceparent": envelope.traceparent,
        "deadline": envelope.deadline.isoformat() if envelope.deadline else "",
    }
    return [(name, text.encode()) for name, text in pairs.items() if text]


def _check_version(topic: Topic, headers: Iterable[tuple[str, bytes]] | None) -> None:
    version = read_envelope(headers).schema_version
    major = version.split(".")[0]
    if not (major.isascii() and major.isdigit()):
        raise MalformedEvent(f"{topic.name}: schema-version header is not a version", reason="bad_version")
    if int(major) != topic.major:
        raise UnsupportedSchema(f"{topic.name}: schema version {major}, this process reads {topic.major}")


def _text(raw: bytes | str | None) -> str:
    if raw is None:
        return ""
    data = raw.encode() if isinstance(raw, str) else raw
    return data[:_MAX_HEADER_BYTES].decode("utf-8", errors="replace")


def _instant(text: str) -> datetime | None:
    try:
        parsed = datetime.fromisoformat(text)
    except ValueError:
        return None
    return parsed if parsed.tzinfo else None


def _safe(error: Exception) -> str:
    if isinstance(error, msgspec.ValidationError):
        return f"wrong shape at {str(error).rsplit(' at ', maxsplit=1)[-1]}"
    return "not JSON" if isinstance(error, msgspec.MsgspecError) else type(error).__name__
