"""The contract document says what the table says, and what is sent is valid by it."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from jsonschema import Draft7Validator

from schemas.asyncapi import document, render
from schemas.codec import Envelope, encode
from schemas.topics import Topic, all_topics
from streams.pathways import all_pathways
from tests.schemas.bodies import any_body

PAGE = Path(__file__).parents[2] / "docs" / "reference" / "asyncapi.json"
PATHWAYS = [pathway.name for pathway in all_pathways()]
TOPICS = {topic.body: topic for topic in all_topics(PATHWAYS)}
PUBLISHED: dict[str, Any] = json.loads(PAGE.read_text())
NOW = datetime(2026, 3, 1, 3, 0, tzinfo=UTC)


def _resolved(reference: str) -> Any:
    found: Any = PUBLISHED
    for step in reference.removeprefix("#/").split("/"):
        found = found[step]
    return found


def _references(node: Any) -> set[str]:
    if isinstance(node, list):
        return {reference for item in node for reference in _references(item)}
    if not isinstance(node, dict):
        return set()
    return {node["$ref"]} if isinstance(node.get("$ref"), str) else _references(list(node.values()))


def _problems(schema: str, instance: object) -> list[str]:
    whole = {"$ref": f"#/components/schemas/{schema}", "components": PUBLISHED["components"]}
    return [problem.message for problem in Draft7Validator(whole).iter_errors(instance)]


def test_the_document_is_not_stale() -> None:
    assert PAGE.read_text() == render(document(PATHWAYS)), (
        "run: codestroke topics asyncapi > docs/reference/asyncapi.json"
    )


def test_every_topic_and_dead_letter_topic_is_described() -> None:
    named = {channel["address"] for channel in PUBLISHED["channels"].values()}
    wanted = {
        name for topic in all_topics(PATHWAYS) for name in (topic.name, *([topic.dlq] if topic.dead_letters else []))
    }
    assert named == wanted


def test_every_reference_leads_somewhere() -> None:
    references = _references(PUBLISHED)
    assert len(references) > len(TOPICS)
    assert all(isinstance(_resolved(reference), dict) for reference in references)


@pytest.mark.parametrize("topic", all_topics(PATHWAYS), ids=lambda topic: topic.name)
def test_both_ends_of_a_topic_are_operations(topic: Topic) -> None:
    ends = {
        name.split(".")[0]: operation["action"]
        for name, operation in PUBLISHED["operations"].items()
        if operation["channel"]["$ref"] == f"#/channels/{topic.name}"
    }
    assert set(ends) == {*topic.producers, *topic.consumers}


@pytest.mark.parametrize("schema", PUBLISHED["components"]["schemas"])
def test_schemas_are_of_the_draft_that_asyncapi_reads(schema: str) -> None:
    described = PUBLISHED["components"]["schemas"][schema]
    Draft7Validator.check_schema(described)
    assert "prefixItems" not in json.dumps(described)


@pytest.mark.parametrize("body", TOPICS, ids=lambda body: body.__name__)
@given(data=st.data())
def test_what_is_sent_is_valid_by_the_document(body: type[msgspec.Struct], data: st.DataObject) -> None:
    envelope = Envelope(event_id="e", source="codestroke/router", subject="c", time=NOW, deadline=NOW)
    record = encode(TOPICS[body], "key", data.draw(any_body(body)), envelope)
    assert _problems(body.__name__, json.loads(record.value)) == []
    assert _problems("EventHeaders", {name: raw.decode() for name, raw in record.headers}) == []


def test_a_body_that_breaks_the_contract_is_not_valid_by_the_document() -> None:
    assert _problems("Heartbeat", {"role": 5}) != []
    assert _problems("EventHeaders", {"ce_specversion": "0.3"}) != []
