"""The decider: outcome events become decisions, and decisions become worklist events."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

import msgspec

from schemas import topics
from schemas.codec import Record
from schemas.events import CaseOutcome, WorklistChanged
from schemas.ledger import Stage
from streams.agents.decision import Decided, Decision
from streams.core.budget import Budget
from streams.kafka.consume import Incoming
from streams.kafka.emit import Emitter, make_record

ROLE = "decider"


@dataclass(frozen=True, slots=True, kw_only=True)
class Decider:
    """Handles outcome events."""

    decision: Decision
    emitter: Emitter
    now: Callable[[], datetime]

    async def handle(self, event: CaseOutcome, incoming: Incoming) -> None:
        """Decide one outcome.

        Raises:
            MalformedEvent: the case is not registered.
            PeerUnavailable: the store or the broker is away.
        """
        budget = Budget(event.arrived_at, event.deadline, event.ledger).spent(Stage.TRANSIT, incoming.received_at)
        decided = await self.decision.apply(msgspec.structs.replace(event, ledger=budget.ledger))
        await self.emitter.emit(worklist_record(decided, event, self.now()))


def worklist_record(decided: Decided, event: CaseOutcome, now: datetime) -> Record:
    """The worklist event of a decision; the same decision gives the same event id."""
    row = decided.row
    body = WorklistChanged(
        site=row.site,
        case_id=row.case_id,
        rank_reason=row.rank_reason,
        priority=decided.priority,
        state=row.state,
        changed_at=row.changed_at,
    )
    return make_record(
        topics.WORKLIST_CHANGED,
        row.site,
        body,
        case_id=row.case_id,
        content=f"{event.pathway}/{event.revision}/{event.outcome.kind}",
        source=ROLE,
        now=now,
        traceparent=decided.traceparent,
    )
