"""Writes cases into a real store through the store's own functions."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from sqlalchemy.ext.asyncio import AsyncConnection

from schemas.events import CaseOutcome, Clocks, StudyArrived
from schemas.findings import Finding, Outcome
from schemas.ids import CaseId, case_id_of, event_id_of, study_uid
from schemas.priorities import Lane, Priority
from store import cases, incidents, outbox, outcomes, worklist
from store.incidents import incident_id_of
from store.outbox import PageIntent
from streams.core.ranking import WaitLimits, place
from streams.core.states import PathwayView, state_of


@dataclass(frozen=True, slots=True)
class Seeder:
    """Puts one case after another into the store, as router and decider would."""

    connection: AsyncConnection
    now: datetime
    site: str = "North Hospital"

    async def register(self, number: int, *, age_s: float = 60, priority: Priority = Priority.ROUTINE) -> cases.Case:
        """Register a study that arrived ``age_s`` seconds ago."""
        uid = study_uid(f"1.2.826.0.1.{number}")
        arrived_at = self.now - timedelta(seconds=age_s)
        study = StudyArrived(
            site=self.site,
            source="spool",
            study_uid=uid,
            patient_key="p0",
            modality="CT",
            body_part="HEAD",
            description="CTA HEAD FOR MR CANARY",
            priority=priority,
            series=(),
            clocks=Clocks(last_instance_at=arrived_at, ready_at=arrived_at, acquired_at=None),
            readiness="association released",
        )
        case, _ = await cases.register(
            self.connection, case_id=case_id_of(b"key", uid), study=study, traceparent="", now=self.now
        )
        return case

    async def plan(self, case: cases.Case, *, deadline_s: float = 180, pathway: str = "stroke") -> None:
        """Say that a pathway owes an outcome."""
        deadline = case.arrived_at + timedelta(seconds=deadline_s)
        item = cases.PathwayPlan(pathway=pathway, eligible=True, lane=Lane.URGENT, reason="head", deadline=deadline)
        await cases.plan(self.connection, case, [item], now=self.now)

    async def decide(self, case: cases.Case, outcome: Outcome, *, pathway: str = "stroke") -> None:
        """Record an outcome and place the case on the list."""
        event = CaseOutcome(
            case_id=case.case_id,
            pathway=pathway,
            revision=1,
            outcome=outcome,
            arrived_at=case.arrived_at,
            deadline=self.now,
        )
        event_id = event_id_of(case.case_id, "outcome", pathway)
        await outcomes.record(self.connection, event, event_id=event_id, late=False, ledger=(), now=self.now)
        view = PathwayView(pathway, eligible=True, outcome=outcome)
        placement, state = place(case.priority, [view]), state_of([view])
        await worklist.put(
            self.connection,
            worklist.WorklistRow(
                case_id=case.case_id,
                site=self.site,
                tier=placement.tier,
                order_in_tier=placement.in_tier,
                rank_reason=placement.reason,
                state=state.state,
                state_detail=state.detail,
                arrived_at=case.arrived_at,
                wait_limit_at=case.arrived_at + WaitLimits().of(case.priority),
                changed_at=self.now,
            ),
        )

    async def page(self, case: cases.Case, finding: Finding, *, recipient: str = "neuro-1") -> str:
        """Open the incident and write its page; returns the page's id."""
        await incidents.open_incident(
            self.connection,
            case_id=CaseId(case.case_id),
            pathway="stroke",
            team="stroke",
            finding=finding,
            now=self.now,
        )
        incident_id = incident_id_of(case.case_id, "stroke")
        page_id = event_id_of(incident_id, "page", recipient)
        intent = PageIntent(
            page_id=page_id,
            incident_id=incident_id,
            recipient=recipient,
            channel="sms",
            step=0,
            body="CODESTROKE",
            nonce="n0nce",
            due_at=self.now,
        )
        await outbox.add(self.connection, intent, now=self.now)
        return page_id


def utc_now() -> datetime:
    """The current instant."""
    return datetime.now(UTC)
