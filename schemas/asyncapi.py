"""The AsyncAPI 3.0 document of all topics, made from the table in ``schemas.topics``.

Who calls it: ``codestroke topics asyncapi`` and the test that refuses a stale ``docs/reference/asyncapi.json``.
It decides nothing about topics and does no I/O; what it says of Kafka it reads from the table.
Sources: AsyncAPI specification 3.0.0, Kafka bindings 0.5.0, CloudEvents 1.0 Kafka protocol binding, W3C Trace Context.
"""

from __future__ import annotations

import inspect
import json
from collections.abc import Sequence
from typing import Any

import msgspec

from schemas.codec import MAX_BODY_BYTES
from schemas.topics import Topic, all_topics

Document = dict[str, Any]

_BINDING = "0.5.0"
_REF = "#/components/schemas/{name}"
_NOTICE = "Research software, not a medical device."
_RULES = (
    "Bodies are JSON. Within a major version only additions are made: unknown fields are ignored, and an unknown "
    "word of an enumeration is read as `unknown` (a side as empty), except a lane, which is part of its topic's name. "
    "Another major version is refused and dead-lettered. "
    "Delivery is at least once; consumers drop a repeated `ce_id`. No body names a patient."
)


def document(pathways: Sequence[str]) -> Document:
    """Describe every topic, dead letters included, for the given pathways."""
    topics = all_topics(pathways)
    return {
        "asyncapi": "3.0.0",
        "info": {
            "title": "codestroke",
            "version": "1.0.0",
            "description": f"{_NOTICE} {_RULES} Largest body: {MAX_BODY_BYTES} bytes.",
            "license": {"name": "Apache-2.0", "url": "https://www.apache.org/licenses/LICENSE-2.0"},
        },
        "defaultContentType": "application/json",
        "channels": _channels(topics),
        "operations": _operations(topics),
        "components": {"messages": _messages(topics), "schemas": _schemas(topics)},
    }


def render(described: Document) -> str:
    """Write the document as JSON with a final newline; the same document always gives the same text."""
    return json.dumps(described, indent=2, ensure_ascii=False) + "\n"


def _channels(topics: Sequence[Topic]) -> Document:
    channels: Document = {}
    for topic in topics:
        channels[topic.name] = _channel(topic, topic.name, topic.summary, topic.body.__name__)
        if topic.dead_letters:
            summary = f"What could not be processed of {topic.name}: original key, value and headers, and why."
            channels[topic.dlq] = _channel(topic, topic.dlq, summary, "DeadLetter")
    return channels


def _channel(topic: Topic, name: str, summary: str, message: str) -> Document:
    kafka: Document = {
        "topic": name,
        "topicConfiguration": {"cleanup.policy": ["delete"], "retention.ms": topic.retention_ms},
    }
    if topic.partitions is not None:
        kafka["partitions"] = topic.partitions
    return {
        "address": name,
        "description": summary,
        "messages": {message: {"$ref": f"#/components/messages/{message}"}},
        "bindings": {"kafka": {**kafka, "bindingVersion": _BINDING}},
    }


def _operations(topics: Sequence[Topic]) -> Document:
    operations: Document = {}
    for topic in topics:
        for action, roles in (("send", topic.producers), ("receive", topic.consumers)):
            for role in roles:
                operations[f"{role}.{action}.{topic.name}"] = _operation(topic, action, role)
    return operations


def _operation(topic: Topic, action: str, role: str) -> Document:
    channel = f"#/channels/{topic.name}"
    return {
        "action": action,
        "channel": {"$ref": channel},
        "summary": f"{role} {'produces' if action == 'send' else 'consumes'}: {topic.summary}",
        "tags": [{"name": role}],
        "messages": [{"$ref": f"{channel}/messages/{topic.body.__name__}"}],
    }


def _messages(topics: Sequence[Topic]) -> Document:
    messages = {topic.body.__name__: _message(topic) for topic in topics}
    messages["DeadLetter"] = {
        "name": "DeadLetter",
        "title": "A record that could not be processed",
        "contentType": "application/octet-stream",
        "headers": {"$ref": "#/components/schemas/DeadLetterHeaders"},
        "payload": {"description": "The original bytes, whatever they are."},
        "bindings": {"kafka": {"key": {"description": "The original key."}, "bindingVersion": _BINDING}},
    }
    return messages


def _message(topic: Topic) -> Document:
    name = topic.body.__name__
    return {
        "name": name,
        "title": name,
        "summary": inspect.cleandoc(topic.body.__doc__ or "").split("\n", maxsplit=1)[0],
        "contentType": "application/json",
        "headers": {"$ref": "#/components/schemas/EventHeaders"},
        "payload": {"$ref": _REF.format(name=name)},
        "bindings": {"kafka": {"key": {"type": "string", "description": topic.key}, "bindingVersion": _BINDING}},
        "x-schema-version": topic.schema_version,
    }


def _schemas(topics: Sequence[Topic]) -> Document:
    bodies = sorted({topic.body for topic in topics}, key=lambda body: body.__name__)
    _, components = msgspec.json.schema_components(bodies, ref_template=_REF)
    described = {name: _draft_7(components[name]) for name in sorted(components)}
    return {"EventHeaders": _EVENT_HEADERS, "DeadLetterHeaders": _DEAD_LETTER_HEADERS, **described}


def _draft_7(schema: Any) -> Any:
    """Turn a schema of draft 2020-12 into draft 7, which AsyncAPI 3.0 reads; docstrings lose their indentation."""
    if isinstance(schema, list):
        return [_draft_7(item) for item in schema]
    if not isinstance(schema, dict):
        return schema
    turned = {key: _draft_7(value) for key, value in schema.items()}
    if isinstance(turned.get("description"), str):
        turned["description"] = inspect.cleandoc(turned["description"])
    if "prefixItems" in turned:
        turned["additionalItems"] = turned.pop("items", True)
        turned["items"] = turned.pop("prefixItems")
    return turned


def _text(description: str, **more: object) -> Document:
    return {"type": "string", "description": description, **more}


_EVENT_HEADERS: Document = {
    "type": "object",
    "description": "Kafka headers, UTF-8. CloudEvents in binary mode, trace context, deadline and version of the body.",
    "required": ["ce_specversion", "ce_id", "ce_type", "ce_source", "ce_time", "schema-version"],
    "properties": {
        "ce_specversion": _text("CloudEvents version.", const="1.0"),
        "ce_id": _text("Deterministic id of the event: the same content gives the same id.", format="uuid"),
        "ce_type": _text("Name of the topic the event was made for."),
        "ce_source": _text("Who produced it, for example codestroke/router."),
        "ce_subject": _text("The case id, or the key where there is no case."),
        "ce_time": _text("When it was produced (UTC).", format="date-time"),
        "content-type": _text("Always JSON.", const="application/json"),
        "schema-version": _text("major.minor of the body.", pattern=r"^[0-9]+\.[0-9]+$"),
        "traceparent": _text("W3C trace context."),
        "deadline": _text("By when the case's outcome must have been acted on (UTC).", format="date-time"),
    },
}

_DEAD_LETTER_HEADERS: Document = {
    "type": "object",
    "description": "The original headers and these.",
    "required": ["dlq-origin-topic", "dlq-origin-partition", "dlq-origin-offset", "dlq-reason", "dlq-at"],
    "properties": {
        "dlq-origin-topic": _text("Topic the record came from."),
        "dlq-origin-partition": _text("Its partition.", pattern="^[0-9]+$"),
        "dlq-origin-offset": _text("Its offset.", pattern="^[0-9]+$"),
        "dlq-reason": _text("Short stable code of the reason."),
        "dlq-error": _text("Class of the error."),
        "dlq-detail": _text("What our own error said; empty for others, whose texts could quote the record."),
        "dlq-at": _text("When it was set aside (UTC).", format="date-time"),
        "dlq-role": _text("The role that could not process it."),
    },
}
