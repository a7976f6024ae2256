"""Builders of board rows, so that each test says only what it is about."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from typing import Any

from board.rows import BoardRows, CaseRow, IncidentRow, OutcomeRow, PageEventRow, PageRow, PathwayRow, TodayCounts
from schemas.errors import CodestrokeError
from schemas.findings import Finding, FindingState, Location, Measurement, ModelRef, Outcome, Side, Urgency
from schemas.ids import CaseId, case_reference
from schemas.ledger import Span, Stage
from schemas.priorities import Priority
from streams.core.ranking import RankInput, place
from streams.core.states import PathwayView

NOW = datetime(2026, 11, 24, 14, 10, tzinfo=UTC)


def ago(seconds: float) -> datetime:
    return NOW - timedelta(seconds=seconds)


def finding(
    code: str = "lvo", state: FindingState = FindingState.DETECTED, urgency: Urgency = Urgency.EMERGENCY, **more: Any
) -> Finding:
    model = ModelRef(name=f"{code}_first", version="1", operating_point="site default")
    return Finding(code=code, state=state, urgency=urgency, model=model, **more)


def ended(outcome: Outcome, *, decided_at: datetime, late: bool = False, revision: int = 1) -> OutcomeRow:
    spans = (
        Span(stage=Stage.READY, start=decided_at - timedelta(seconds=40), end=decided_at - timedelta(seconds=30)),
        Span(stage=Stage.FETCH, start=decided_at - timedelta(seconds=30), end=decided_at - timedelta(seconds=24)),
        Span(stage=Stage.DECODE, start=decided_at - timedelta(seconds=24), end=decided_at - timedelta(seconds=9)),
        Span(stage=Stage.PREPROCESS, start=decided_at - timedelta(seconds=9), end=decided_at - timedelta(seconds=6)),
        Span(stage=Stage.INFER, start=decided_at - timedelta(seconds=6), end=decided_at - timedelta(seconds=0.3)),
        Span(stage=Stage.DECIDE, start=decided_at - timedelta(seconds=0.3), end=decided_at),
    )
    return OutcomeRow(
        outcome=outcome, revision=revision, late=late, decided_at=decided_at, ledger=spans, series_reason="only series"
    )


def pathway(
    name: str = "stroke",
    *,
    outcome: OutcomeRow | None = None,
    deadline: datetime | None = None,
    eligible: bool = True,
    reason: str = "CT angiogram of the head",
    revision: int = 1,
) -> PathwayRow:
    return PathwayRow(
        pathway=name,
        eligible=eligible,
        reason=reason,
        revision=revision,
        requested_at=ago(200),
        deadline=deadline or NOW + timedelta(seconds=180),
        outcome=outcome,
    )


def page(state: str = "delivered", *, accepted_at: datetime | None = None, **more: Any) -> PageRow:
    known = {"page_id": "page-1", "incident_id": "incident-1", "recipient": "neuro-1", "channel": "sms", "step": 0}
    return PageRow(**{**known, "created_at": ago(120), "accepted_at": accepted_at, "state": state, **more})


def incident(
    *pages: PageRow, team: str = "stroke", acknowledged_by: str = "", at: datetime | None = None
) -> IncidentRow:
    return IncidentRow(
        incident_id="incident-1",
        pathway=team,
        code="lvo",
        team=team,
        opened_at=ago(121),
        acknowledged_at=at,
        acknowledged_by=acknowledged_by,
        acknowledged_how="SMS" if acknowledged_by else "",
        pages=pages,
    )


def case(
    name: str = "a",
    *pathways: PathwayRow,
    arrived_s: float = 300,
    priority: Priority = Priority.ROUTINE,
    incidents: tuple[IncidentRow, ...] = (),
    modality: str = "CT",
    body_part: str = "HEAD",
    wait_limit_s: float = 3600,
    acquired_s: float | None = 340,
) -> CaseRow:
    case_id = CaseId(f"c{name:a>16}")
    arrived_at = ago(arrived_s)
    views = [
        PathwayView(item.pathway, item.eligible, item.outcome.outcome if item.outcome else None) for item in pathways
    ]
    return CaseRow(
        case_id=case_id,
        reference=case_reference(case_id),
        site="North Hospital",
        modality=modality,
        body_part=body_part,
        priority=priority,
        revision=1,
        readiness="association released, no gaps",
        acquired_at=None if acquired_s is None else ago(acquired_s),
        arrived_at=arrived_at,
        ready_at=arrived_at + timedelta(seconds=3),
        registered_at=arrived_at + timedelta(seconds=3.2),
        changed_at=arrived_at + timedelta(seconds=60),
        ranking=RankInput(case_id, place(priority, views), arrived_at, arrived_at + timedelta(seconds=wait_limit_s)),
        pathways=pathways,
        incidents=incidents,
    )


def board(*cases: CaseRow, **counts: int) -> BoardRows:
    return BoardRows(cases=cases, today=TodayCounts(since=NOW.replace(hour=0, minute=0), **counts))


def shift() -> BoardRows:
    """A busy hour: one row of each kind."""
    detected, absent, unsure = FindingState.DETECTED, FindingState.NOT_DETECTED, FindingState.INDETERMINATE
    lvo = finding(location=Location(side=Side.LEFT, segment="M1"), reason="left M1", score=0.91)
    aaa = finding(
        "aaa", urgency=Urgency.URGENT, reason="61 mm, at or above the repair threshold",
        measurements=(Measurement(name="diameter", value=61.2, low=58.9, high=63.4, unit="mm"),),
    )  # fmt: skip
    pneumonia = finding("pneumonia", detected, Urgency.ROUTINE, reason="right lower zone")
    acked = incident(page(accepted_at=ago(150), delivered_at=ago(148)), acknowledged_by="neuro-1", at=ago(110))
    waiting = incident(page(accepted_at=ago(70), state="accepted", recipient="vascular-2"), team="aorta")
    return board(
        case("lvo", pathway(outcome=ended(Outcome.scored(lvo), decided_at=ago(155))), incidents=(acked,)),
        case("aaa", pathway("aorta", outcome=ended(Outcome.scored(aaa), decided_at=ago(90)), reason="CT abdomen"),
             arrived_s=240, body_part="ABDOMEN", incidents=(waiting,), acquired_s=None),
        case("old", pathway("chest", outcome=ended(Outcome.scored(finding("pneumonia", absent)), decided_at=ago(3500))),
             arrived_s=3720, modality="CR", body_part="CHEST", acquired_s=3900),
        case("pneu", pathway("chest", outcome=ended(Outcome.scored(pneumonia), decided_at=ago(1700))),
             arrived_s=1800, modality="DX", body_part="CHEST", acquired_s=1900),
        case("bad", pathway(outcome=ended(
            Outcome.failed("3 slices missing above the skull base"), decided_at=ago(500))),
             arrived_s=560, priority=Priority.STAT, acquired_s=610),
        case("plain", pathway(outcome=ended(
            Outcome.scored(finding("lvo", unsure, reason="no contrast in the arteries")), decided_at=ago(700))),
             arrived_s=800, acquired_s=840),
        case("run", pathway(deadline=NOW + timedelta(seconds=95)), arrived_s=85, priority=Priority.HIGH),
        case("late", pathway("chest", deadline=ago(30)), arrived_s=930, modality="CR", body_part="CHEST"),
        case("knee", pathway(eligible=False, reason="not a head"), arrived_s=500, modality="MR", body_part="KNEE"),
        case("fresh", arrived_s=4, acquired_s=44),
        case("film", pathway("chest", outcome=ended(Outcome.scored(finding("pneumonia", absent)), decided_at=ago(400))),
             arrived_s=470, modality="DX", body_part="CHEST"),
        flagged=3, not_flagged=17, indeterminate=1, not_analysed=1, overdue=1,
    )  # fmt: skip


class FakeReads:
    """A store in memory; ``error`` makes it unreachable, ``bug`` makes the reader fail."""

    def __init__(self, rows: BoardRows | None = None) -> None:
        self.rows = rows or board()
        self.error: CodestrokeError | None = None
        self.bug: Exception | None = None
        self.changed = asyncio.Event()
        self.pictures: dict[tuple[str, str], bytes] = {}

    async def board(self, now: datetime) -> BoardRows:
        if problem := self.error or self.bug:
            raise problem
        return self.rows

    async def case(self, reference: str) -> tuple[CaseRow, tuple[PageEventRow, ...]] | None:
        if self.error:
            raise self.error
        found = next((item for item in self.rows.cases if item.reference == reference), None)
        return (found, (PageEventRow(kind="claimed", at=ago(119), page_id="page-1"),)) if found else None

    async def key_image(self, reference: str, pathway: str) -> bytes | None:
        if self.error:
            raise self.error
        return self.pictures.get((reference, pathway))

    async def wakes(self) -> AsyncIterator[str]:
        while True:
            yield ""
            self.changed.clear()
            try:
                await asyncio.wait_for(self.changed.wait(), timeout=0.2)
            except TimeoutError:
                continue

    def change(self, rows: BoardRows) -> None:
        self.rows = rows
        self.changed.set()
