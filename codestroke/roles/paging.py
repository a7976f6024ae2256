"""What decider and pager share: the watch over deadlines."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncEngine

from schemas.errors import MalformedEvent
from schemas.events import CaseOutcome
from schemas.findings import Outcome
from schemas.ids import CaseId
from schemas.ledger import Stage
from store.cases import find, plans_of
from store.engine import transaction
from store.outcomes import DEADLINE_REASON
from streams.agents.decision import Decision
from streams.core.budget import Budget


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
