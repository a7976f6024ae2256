"""What decider and pager share: who is paged about an incident, and the watch over deadlines."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncEngine

from alerting.core.wording import CaseFacts
from alerting.plan import plan_pages
from alerting.roster import StaticRoster
from alerting.settings import PagingSettings
from schemas.errors import MalformedEvent
from schemas.events import CaseOutcome
from schemas.findings import Outcome
from schemas.ids import CaseId
from schemas.ledger import Stage
from store.cases import Case, find, plans_of
from store.engine import transaction
from store.incidents import Incident
from store.outbox import PageIntent
from store.outcomes import DEADLINE_REASON
from streams.agents.decision import Decision, PlanPages
from streams.core.budget import Budget


def page_planner(settings: PagingSettings) -> PlanPages:
    """The planner handed to the decision: step 0 of the incident's team, by the roster of the settings."""
    roster = StaticRoster(settings)

    def plan(incident: Incident, case: Case, now: datetime) -> Sequence[PageIntent]:
        facts = CaseFacts(
            reference=case.reference, arrived_at=case.arrived_at, acquired_at=case.acquired_at, site=case.study.site
        )
        return plan_pages(incident, roster, case=facts, now=now)

    return plan


class DeadlineFailer:
    """Implements the pager's ``OverduePort``: a missed deadline is decided like any other outcome."""

    def __init__(self, engine: AsyncEngine, decision: Decision) -> None:
        self._engine, self._decision = engine, decision

    async def fail_overdue(self, case_id: CaseId, pathway: str, now: datetime) -> None:
        """Record ``failed: deadline``; harmless where an outcome came meanwhile.

        Raises:
            PeerUnavailable: the store is away; the next round tries again.
        """
        async with transaction(self._engine) as connection:
            case = await find(connection, case_id)
            plans = await plans_of(connection, case_id)
        plan = next((item for item in plans if item.pathway == pathway), None)
        if case is None or plan is None:
            raise MalformedEvent("case is not in the register", reason="unknown_case")
        arrived_at = case.study.clocks.last_instance_at
        event = CaseOutcome(
            case_id=case_id,
            pathway=pathway,
            revision=case.revision,
            outcome=Outcome.failed(DEADLINE_REASON),
            arrived_at=arrived_at,
            deadline=plan.deadline,
            ledger=Budget(arrived_at, plan.deadline).spent(Stage.UNKNOWN, now).ledger,
        )
        await self._decision.apply(event)
