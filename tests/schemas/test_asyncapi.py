"""The contract document says what the table says."""

from __future__ import annotations

import json
from pathlib import Path

from schemas.asyncapi import document, render
from schemas.topics import all_topics
from streams.pathways import all_pathways

PAGE = Path(__file__).parents[2] / "docs" / "reference" / "asyncapi.json"
PATHWAYS = [pathway.name for pathway in all_pathways()]


def test_the_document_is_not_stale() -> None:
    assert PAGE.read_text() == render(document(PATHWAYS)), (
        "run: codestroke topics asyncapi > docs/reference/asyncapi.json"
    )


def test_every_topic_and_dead_letter_topic_is_described() -> None:
    named = {channel["address"] for channel in json.loads(PAGE.read_text())["channels"].values()}
    wanted = {
        name for topic in all_topics(PATHWAYS) for name in (topic.name, *([topic.dlq] if topic.dead_letters else []))
    }
    assert named == wanted
