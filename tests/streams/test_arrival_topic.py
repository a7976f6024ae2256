"""Which studies arrive on the urgent topic."""

from __future__ import annotations

import pytest

from schemas.priorities import Priority
from schemas.topics import STUDY_ARRIVED, STUDY_ARRIVED_URGENT, Topic
from streams.pathways.lanes import arrival_topic
from tests.fakes.studies import study


@pytest.mark.parametrize(
    ("modality", "body_part", "priority", "topic"),
    [
        ("CT", "HEAD", Priority.ROUTINE, STUDY_ARRIVED_URGENT),
        ("DX", "CHEST", Priority.ROUTINE, STUDY_ARRIVED),
        ("DX", "CHEST", Priority.STAT, STUDY_ARRIVED_URGENT),
        ("MR", "KNEE", Priority.STAT, STUDY_ARRIVED),
    ],
)
def test_what_a_pathway_treats_as_urgent_arrives_on_the_urgent_topic(
    modality: str, body_part: str, priority: Priority, topic: Topic
) -> None:
    assert arrival_topic(study(modality=modality, body_part=body_part, priority=priority)) is topic
