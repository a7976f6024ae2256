"""The ledger of a case: where its time went, in named stages.

A ledger is a list of spans with absolute UTC times. Attribution is the share of the wall time between arrival
and ``until`` that at least one span covers; spans may overlap.
"""

from __future__ import annotations

import enum
from datetime import datetime
from typing import Annotated

import msgspec

Instant = Annotated[datetime, msgspec.Meta(tz=True)]
"""An aware time; one without a zone is refused when it is decoded, because it names no instant."""


class Stage(enum.StrEnum):
    """The named stages of a case, in the order in which they usually happen."""

    READY = "ready"
    """From the last slice to the decision that the study is complete."""
    TRANSIT = "transit"
    """On Kafka: from production of an event to its consumption."""
    ROUTE = "route"
    """Registering the case and choosing its pathways."""
    GATE = "gate"
    """Waiting for the decode pool or the model instance."""
    FETCH = "fetch"
    DECODE = "decode"
    PREPROCESS = "preprocess"
    INFER = "infer"
    READ = "read"
    """Turning the model's outputs into a finding."""
    DECIDE = "decide"
    PAGE_COMMIT = "page_commit"
    PAGE_ACCEPT = "page_accept"
    UNKNOWN = "unknown"

    @classmethod
    def _missing_(cls, value: object) -> Stage:
        return cls.UNKNOWN


class Span(msgspec.Struct, frozen=True, kw_only=True, array_like=True):
    """One stage of one case; ``start`` and ``end`` are aware UTC instants."""

    stage: Stage
    start: Instant
    end: Instant

    @property
    def seconds(self) -> float:
        """Length in seconds; never negative, so that a clock step cannot lend time."""
        return max(0.0, (self.end - self.start).total_seconds())


Ledger = tuple[Span, ...]


def attributed_share(ledger: Ledger, start: datetime, until: datetime) -> float:
    """Share (0..1) of the wall time from ``start`` to ``until`` that the spans cover; 1.0 for no time at all."""
    total = (until - start).total_seconds()
    if total <= 0:
        return 1.0
    covered, reached = 0.0, start
    for span in sorted(ledger, key=lambda item: item.start):
        begin, end = max(span.start, reached), min(span.end, until)
        if end > begin:
            covered += (end - begin).total_seconds()
            reached = end
    return covered / total


def seconds_by_stage(ledger: Ledger) -> dict[Stage, float]:
    """Sum of span lengths per stage, in seconds."""
    sums: dict[Stage, float] = {}
    for span in ledger:
        sums[span.stage] = sums.get(span.stage, 0.0) + span.seconds
    return sums
