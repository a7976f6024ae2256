"""On which topic a study arrives: the urgent one where any pathway would treat it as urgent."""

from __future__ import annotations

from schemas.events import StudyArrived
from schemas.priorities import Lane
from schemas.topics import STUDY_ARRIVED, STUDY_ARRIVED_URGENT, Topic
from streams.pathways.registry import all_pathways


def arrival_topic(study: StudyArrived) -> Topic:
    """Choose the topic of an arrival by the pathways' own rules; nothing urgent then queues behind routine work."""
    urgent = any(
        pathway.eligible(study).eligible and pathway.lane(study.priority) is Lane.URGENT for pathway in all_pathways()
    )
    return STUDY_ARRIVED_URGENT if urgent else STUDY_ARRIVED
