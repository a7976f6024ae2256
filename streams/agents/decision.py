"""The decision: one outcome becomes one store transaction — outcome, worklist, incident (the intent to page), audit.

Used by the decider and by the watch over deadlines. All or nothing is written; a repeated outcome changes nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime

import structlog
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from schemas.errors import MalformedEvent
from schemas.events import CaseOutcome
from schemas.findings import Finding, FindingState, OutcomeKind
from schemas.ids import event_id_of
from schemas.ledger import Stage
from schemas.priorities import Priority
from store import audit, incidents, measurements, outcomes, worklist
from store.cases import Case, find, plans_of
from store.engine import transaction
from store.incidents import Incident
from store.worklist import WorklistRow
from streams.agents import metrics
from streams.agents.history import followed
from streams.core.budget import Budget
from streams.core.ranking import WaitLimits, place
from streams.core.states import PathwayView, state_of
from streams.pathways import Pathway

_log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Decided:
    """What a decision left behind; ``new`` is False for a repetition."""

    row: WorklistRow
    priority: Priority
    new: bool
    incident: Incident | None
    traceparent: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision:
    """Applies outcomes. The row of a new incident is the intent to page: the pager plans whom, over what, when."""

    engine: AsyncEngine
    pathways: Sequence[Pathway]
    limits: WaitLimits
    now: Callable[[], datetime]
    actor: str = "decider"

    async def apply(self, event: CaseOutcome) -> Decided:
        """Apply one outcome.

        Raises:
            MalformedEvent: the case is not registered.
            PeerUnavailable: the store is away.
        """
        async with transaction(self.engine) as connection:
            case = await find(connection, event.case_id, lock=True)
            if case is None:
                raise MalformedEvent("case is not in the register", reason="unknown_case")
            now = self.now()
            event = await followed(connection, case, event, self._pathway(event.pathway))
            new = await self._record(connection, event, now)
            incident = await self._alert(connection, case, event, now) if new else None
            row = await self._rank(connection, case, now)
            if new:
                await self._keep(connection, case, event, incident, now)
        if new:
            _count(event, now)
        return Decided(row, case.priority, new, incident, case.traceparent)

    async def _record(self, connection: AsyncConnection, event: CaseOutcome, now: datetime) -> bool:
        ledger = Budget(event.arrived_at, event.deadline, event.ledger).spent(Stage.DECIDE, now).ledger
        event_id = event_id_of(event.case_id, "outcome", f"{event.pathway}/{event.revision}/{event.outcome.kind}")
        late = now > event.deadline
        return await outcomes.record(connection, event, event_id=event_id, late=late, ledger=ledger, now=now)

    async def _alert(
        self, connection: AsyncConnection, case: Case, event: CaseOutcome, now: datetime
    ) -> Incident | None:
        finding, pathway = event.outcome.finding, self._pathway(event.pathway)
        if finding is None or pathway is None or finding.state is not FindingState.DETECTED:
            return None
        alert = pathway.alert(finding)
        if alert is None:
            return None
        return await incidents.open_incident(
            connection, case_id=case.case_id, pathway=event.pathway, team=alert.team, finding=finding, now=now
        )

    async def _rank(self, connection: AsyncConnection, case: Case, now: datetime) -> WorklistRow:
        views = await pathway_views(connection, case.case_id)
        placement, state = place(case.priority, views), state_of(views)
        row = WorklistRow(
            case_id=case.case_id,
            site=case.study.site,
            tier=placement.tier,
            order_in_tier=placement.in_tier,
            rank_reason=placement.reason,
            state=state.state,
            state_detail=state.detail,
            arrived_at=case.arrived_at,
            wait_limit_at=case.arrived_at + self.limits.of(case.priority),
            changed_at=now,
        )
        await worklist.put(connection, row)
        return row

    async def _keep(
        self, connection: AsyncConnection, case: Case, event: CaseOutcome, incident: Incident | None, now: datetime
    ) -> None:
        finding = event.outcome.finding
        if finding is not None and finding.measurements:
            measured_at = case.acquired_at or case.arrived_at
            await measurements.record(
                connection,
                patient_key=case.study.patient_key,
                case_id=case.case_id,
                finding=finding,
                measured_at=measured_at,
            )
        detail = {**_said(event, finding), "incident": incident.incident_id if incident else None}
        await audit.append(
            connection, at=now, actor=self.actor, action="outcome_decided", case_id=case.case_id, detail=detail
        )

    def _pathway(self, name: str) -> Pathway | None:
        return next((pathway for pathway in self.pathways if pathway.name == name), None)


async def pathway_views(connection: AsyncConnection, case_id: str) -> list[PathwayView]:
    """How the pathways of a case stand; the ones that do not apply are left out where another does."""
    plans, given = await plans_of(connection, case_id), await outcomes.of_case(connection, case_id)
    by_name = {item.pathway: item.outcome for item in given}
    views = [PathwayView(item.pathway, item.eligible, by_name.get(item.pathway)) for item in plans]
    eligible = [view for view in views if view.eligible]
    return eligible or views


def _said(event: CaseOutcome, finding: Finding | None) -> dict[str, object]:
    return {
        "pathway": event.pathway,
        "revision": event.revision,
        "kind": event.outcome.kind,
        "reason": event.outcome.reason,
        "finding": finding.state if finding else None,
        "model": finding.model if finding else None,
    }


def _count(event: CaseOutcome, now: datetime) -> None:
    finding = event.outcome.finding
    metrics.OUTCOMES.labels(event.pathway, event.outcome.kind, finding.state if finding else "none").inc()
    metrics.ARRIVAL_TO_DECISION.labels(event.pathway).observe(max(0.0, (now - event.arrived_at).total_seconds()))
    if now > event.deadline:
        metrics.LATE.labels(event.pathway).inc()
    if event.outcome.kind is OutcomeKind.FAILED:
        _log.warning("case_failed", case_id=event.case_id, pathway=event.pathway, reason=event.outcome.reason)
