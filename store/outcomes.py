"""How cases ended on their pathways: at most one outcome per case and pathway, of the newest revision."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

import msgspec
from sqlalchemy import and_, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.engine import Row
from sqlalchemy.ext.asyncio import AsyncConnection

from schemas.events import CaseOutcome
from schemas.findings import Finding, FindingState, Outcome, OutcomeKind
from schemas.ledger import Ledger
from store.tables import outcomes

DEADLINE_REASON = "deadline"


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredOutcome:
    """The outcome of a case on a pathway as the store holds it."""

    case_id: str
    pathway: str
    revision: int
    outcome: Outcome
    late: bool
    decided_at: datetime
    ledger: Ledger
    series_reason: str


async def record(
    connection: AsyncConnection, event: CaseOutcome, *, event_id: str, late: bool, ledger: Ledger, now: datetime
) -> bool:
    """Write an outcome; True where it says something new.

    A newer revision replaces an older one, and an analysis that came late replaces "failed: deadline". A finding that
    was detected is never hidden by a newer revision that could not be analysed. Anything else that is already there
    stays: an outcome is given once.
    """
    values = {
        "revision": event.revision,
        "event_id": event_id,
        "kind": event.outcome.kind,
        "reason": event.outcome.reason,
        "finding": msgspec.to_builtins(event.outcome.finding) if event.outcome.finding else None,
        "late": late,
        "series_reason": event.series_reason,
        "ledger": msgspec.to_builtins(ledger),
        "decided_at": now,
    }
    newer = outcomes.c.revision < event.revision
    if event.outcome.kind is OutcomeKind.FAILED:
        newer &= outcomes.c.finding["state"].astext.is_distinct_from(FindingState.DETECTED)
    missed = and_(
        outcomes.c.kind == OutcomeKind.FAILED,
        outcomes.c.reason == DEADLINE_REASON,
        outcomes.c.revision == event.revision,
    )
    replaces = newer if event.outcome.reason == DEADLINE_REASON else newer | missed
    statement = insert(outcomes).values(case_id=event.case_id, pathway=event.pathway, **values)
    upsert = statement.on_conflict_do_update(index_elements=["case_id", "pathway"], set_=values, where=replaces)
    return (await connection.execute(upsert.returning(outcomes.c.case_id))).first() is not None


async def of_case(connection: AsyncConnection, case_id: str) -> list[StoredOutcome]:
    """Read the outcomes of a case, by pathway."""
    statement = select(outcomes).where(outcomes.c.case_id == case_id).order_by(outcomes.c.pathway)
    return [_stored(row) for row in await connection.execute(statement)]


def read_outcome(row: Row[Any]) -> Outcome:
    """Read the ``Outcome`` out of a row that holds the outcome columns."""
    finding = msgspec.convert(row.finding, Finding) if row.finding else None
    return Outcome(kind=OutcomeKind(row.kind), reason=row.reason, finding=finding)


def _stored(row: Row[Any]) -> StoredOutcome:
    return StoredOutcome(
        case_id=row.case_id,
        pathway=row.pathway,
        revision=row.revision,
        outcome=read_outcome(row),
        late=row.late,
        decided_at=row.decided_at,
        ledger=msgspec.convert(row.ledger, Ledger),
        series_reason=row.series_reason,
    )
