"""The router: a study that arrived becomes a registered case with deadlines, and work on lane topics.

Order: register in the store (durable), then produce and await the broker. A repeated event changes nothing in the store
and produces the same events again, which consumers drop by their ids.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from schemas import topics
from schemas.events import CaseOutcome, CaseRequested, StudyArrived
from schemas.findings import Outcome
from schemas.ids import case_id_of, study_uid
from schemas.ledger import Ledger, Stage
from store import audit, worklist
from store.cases import Case, PathwayPlan, plan, plans_of, register
from store.engine import transaction
from store.worklist import WorklistRow
from streams.agents import metrics
from streams.agents.stopwatch import Stopwatch
from streams.core.budget import Budget, deadline_of
from streams.core.ranking import WaitLimits, place
from streams.core.states import CaseState
from streams.kafka.consume import Incoming
from streams.kafka.emit import Emitter, make_record
from streams.pathways import Pathway

ROLE = "router"


@dataclass(frozen=True, slots=True, kw_only=True)
class Router:
    """Registers studies and sends their cases to the pathways."""

    engine: AsyncEngine
    emitter: Emitter
    pathways: Sequence[Pathway]
    site_key: bytes
    limits: WaitLimits
    now: Callable[[], datetime]
    budgets: dict[str, timedelta]

    async def handle(self, study: StudyArrived, incoming: Incoming) -> None:
        """Route one study.

        Raises:
            MalformedEvent: the StudyInstanceUID is not one.
            PeerUnavailable: the store or the broker is away.
        """
        case_id = case_id_of(self.site_key, study_uid(study.study_uid))
        watch = _watch(study, incoming, self.now)
        async with transaction(self.engine) as connection:
            case, changed = await register(
                connection, case_id=case_id, study=study, traceparent=incoming.envelope.traceparent, now=self.now()
            )
            if changed:
                await self._plan(connection, case)
            plans = await plans_of(connection, case_id)
        if case.revision == study.revision:
            watch.book(Stage.ROUTE)
            await self._send(case, plans, watch.ledger)

    async def _plan(self, connection: AsyncConnection, case: Case) -> None:
        now = self.now()
        plans = [self._plan_one(pathway, case.study) for pathway in self.pathways]
        await plan(connection, case, plans, now=now)
        placement = place(case.priority, ())
        await worklist.put(
            connection,
            WorklistRow(
                case_id=case.case_id,
                site=case.study.site,
                tier=placement.tier,
                order_in_tier=placement.in_tier,
                rank_reason="analysis under way",
                state=CaseState.RECEIVED,
                state_detail="",
                arrived_at=case.arrived_at,
                wait_limit_at=case.arrived_at + self.limits.of(case.priority),
                changed_at=now,
            ),
        )
        detail = {"revision": case.revision, "pathways": [p.pathway for p in plans if p.eligible]}
        await audit.append(
            connection, at=now, actor=ROLE, action="case_registered", case_id=case.case_id, detail=detail
        )

    def _plan_one(self, pathway: Pathway, study: StudyArrived) -> PathwayPlan:
        verdict = pathway.eligible(study)
        budget = self.budgets.get(pathway.name, pathway.budget)
        return PathwayPlan(
            pathway=pathway.name,
            eligible=verdict.eligible,
            lane=pathway.lane(study.priority),
            reason=verdict.reason,
            deadline=deadline_of(study.clocks.last_instance_at, budget),
        )

    async def _send(self, case: Case, plans: Sequence[PathwayPlan], ledger: Ledger) -> None:
        eligible = [item for item in plans if item.eligible]
        for item in eligible:
            await self._request(case, item, ledger)
            metrics.ROUTED.labels(item.pathway, item.lane).inc()
        if not eligible:
            for item in plans:
                await self._not_applicable(case, item, ledger)
                metrics.ROUTED.labels("none", item.lane).inc()

    async def _request(self, case: Case, item: PathwayPlan, ledger: Ledger) -> None:
        body = CaseRequested(
            case_id=case.case_id,
            pathway=item.pathway,
            lane=item.lane,
            revision=case.revision,
            arrived_at=case.study.clocks.last_instance_at,
            deadline=item.deadline,
            ledger=ledger,
        )
        await self._emit(topics.case_requested(item.pathway, item.lane), case, item, body)

    async def _not_applicable(self, case: Case, item: PathwayPlan, ledger: Ledger) -> None:
        body = CaseOutcome(
            case_id=case.case_id,
            pathway=item.pathway,
            revision=case.revision,
            outcome=Outcome.not_applicable(item.reason),
            arrived_at=case.study.clocks.last_instance_at,
            deadline=item.deadline,
            ledger=ledger,
        )
        await self._emit(topics.CASE_OUTCOME, case, item, body)

    async def _emit(
        self, topic: topics.Topic, case: Case, item: PathwayPlan, body: CaseRequested | CaseOutcome
    ) -> None:
        record = make_record(
            topic,
            case.case_id,
            body,
            case_id=case.case_id,
            content=f"{item.pathway}/{case.revision}",
            source=ROLE,
            now=self.now(),
            traceparent=case.traceparent,
            deadline=item.deadline,
        )
        await self.emitter.emit(record)


def _watch(study: StudyArrived, incoming: Incoming, now: Callable[[], datetime]) -> Stopwatch:
    clocks = study.clocks
    watch = Stopwatch(Budget(clocks.last_instance_at, clocks.last_instance_at), now)
    watch.book(Stage.READY, clocks.ready_at)
    watch.book(Stage.TRANSIT, incoming.received_at)
    return watch
