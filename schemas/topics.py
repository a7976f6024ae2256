"""The single table of topics: names, keys, bodies, retention, producers and consumers.

The broker's topics, the AsyncAPI document and the documentation are all made from this table.
Names: ``codestroke.<entity>.<event>.v<major>``; dead letters: ``<topic>.dlq``.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import msgspec

from schemas.events import (
    CaseOutcome,
    CaseRequested,
    FeedbackGiven,
    Heartbeat,
    PageChanged,
    StudyArrived,
    WorklistChanged,
)
from schemas.priorities import Lane

DAY_MS = 24 * 60 * 60 * 1000
DLQ_SUFFIX = ".dlq"


@dataclass(frozen=True, slots=True)
class Topic:
    """One row of the table; ``schema_version`` is ``major.minor`` of the body."""

    name: str
    key: str
    body: type[msgspec.Struct]
    summary: str
    producers: tuple[str, ...]
    consumers: tuple[str, ...]
    retention_ms: int = 7 * DAY_MS
    schema_version: str = "1.0"
    partitions: int | None = None
    """None: the broker-wide setting; a number where the topic needs its own."""
    dead_letters: bool = True

    @property
    def dlq(self) -> str:
        """Name of the topic that takes what could not be processed."""
        return self.name + DLQ_SUFFIX

    @property
    def is_urgent(self) -> bool:
        """Whether it carries urgent work, which must not share a consumer with routine work."""
        return f".{Lane.URGENT}." in self.name

    @property
    def major(self) -> int:
        """Major version that this process reads and writes."""
        return int(self.schema_version.split(".")[0])


STUDY_ARRIVED = Topic(
    "codestroke.study.arrived.v1",
    "StudyInstanceUID",
    StudyArrived,
    "A study is complete at an image source.",
    ("gateway",),
    ("router",),
)
STUDY_ARRIVED_URGENT = Topic(
    "codestroke.study.arrived.urgent.v1",
    "StudyInstanceUID",
    StudyArrived,
    "A study is complete that must not wait behind routine ones, as after an outage.",
    ("gateway",),
    ("router",),
)
CASE_OUTCOME = Topic(
    "codestroke.case.outcome.v1",
    "case_id",
    CaseOutcome,
    "How a case ended on a pathway.",
    ("router", "stroke", "aorta", "chest"),
    ("decider",),
)
WORKLIST_CHANGED = Topic(
    "codestroke.worklist.changed.v1",
    "site",
    WorklistChanged,
    "A row of the worklist changed.",
    ("decider",),
    ("board", "exporter"),
    dead_letters=False,
)
PAGE_CHANGED = Topic(
    "codestroke.page.changed.v1",
    "case_id",
    PageChanged,
    "A page changed its state.",
    ("pager",),
    ("board", "audit"),
    dead_letters=False,
)
FEEDBACK_GIVEN = Topic(
    "codestroke.feedback.given.v1",
    "case_id",
    FeedbackGiven,
    "A reader agreed, disagreed or amended.",
    ("board", "RIS"),
    ("monitoring",),
    dead_letters=False,
)


def case_requested(pathway: str, lane: Lane) -> Topic:
    """The topic on which ``pathway`` takes work of ``lane``."""
    return Topic(
        f"codestroke.case.requested.{pathway}.{lane}.v1",
        "case_id",
        CaseRequested,
        f"The {pathway} pathway must give an outcome ({lane} lane).",
        ("router",),
        (pathway,),
    )


def heartbeat(role: str) -> Topic:
    """The topic through which workers of ``role`` prove to themselves that they consume."""
    return Topic(
        f"codestroke.heartbeat.{role}.v1",
        "worker",
        Heartbeat,
        f"Heartbeats of {role} workers, through their own consumer.",
        (role,),
        (role,),
        retention_ms=DAY_MS // 24,
        dead_letters=False,
    )


def all_topics(pathways: Sequence[str]) -> tuple[Topic, ...]:
    """The whole table for the given pathways, without dead-letter topics."""
    lanes = tuple(case_requested(pathway, lane) for pathway in pathways for lane in Lane)
    beats = tuple(heartbeat(role) for role in ("router", "decider", *pathways))
    return (
        STUDY_ARRIVED,
        STUDY_ARRIVED_URGENT,
        *lanes,
        CASE_OUTCOME,
        WORKLIST_CHANGED,
        PAGE_CHANGED,
        FEEDBACK_GIVEN,
        *beats,
    )
