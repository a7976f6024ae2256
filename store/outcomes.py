"""How cases ended on their pathways: at most one outcome per case and pathway, of the newest revision."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import msgspec
from sqlalchemy import and_, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.engine import Row
from sqlalchemy.ext.asyncio import AsyncConnection

from schemas.events import CaseOutcome
from schemas.findings import Finding, Outcome, OutcomeKind
from schemas.ledger import Ledger
from store.tables import case_pathways, cases, outcomes

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


@dataclass(frozen=True, slots=True)
class Overdue:
    """An eligible pathway of a case whose deadline passed without an outcome."""

    case_id: str
    pathway: str
    revision: int
    arrived_at: datetime
    deadline: datetime


async def record(
    connection: AsyncConnection, event: CaseOutcome, *, event_id: str, late: bool, ledger: Ledger, now: datetime
) -> bool:
    """Write an outcome; True where it says something new.

    A newer revision replaces an older one, and an analysis that came late replaces "failed: deadline". Anything
    else that is already there stays: an outcome is given once.
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
    missed = and_(outcomes.c.kind == OutcomeKind.FAILED, outcomes.c.reason == DEADLINE_REASON)
    replaces = (outcomes.c.revision < event.revision) | (
        missed & (outcomes.c.revision == event.revision) & (event.outcome.reason != DEADLINE_REASON)
    )
    statement = insert(outcomes).values(case_id=event.case_id, pathway=event.pathway, **values)
    upsert = statement.on_conflict_do_update(index_elements=["case_id", "pathway"], set_=values, where=replaces)
    return (await connection.execute(upsert.returning(outcomes.c.case_id))).first() is not None


async def of_case(connection: AsyncConnection, case_id: str) -> list[StoredOutcome]:
    """Read the outcomes of a case, by pathway."""
    statement = select(outcomes).where(outcomes.c.case_id == case_id).order_by(outcomes.c.pathway)
    return [_stored(row) for row in await connection.execute(statement)]


async def overdue(connection: AsyncConnection, now: datetime, *, limit: int = 100) -> Sequence[Overdue]:
    """Eligible pathways past their deadline that have no outcome of their revision, oldest deadline first."""
    joined = case_pathways.join(cases, cases.c.case_id == case_pathways.c.case_id).outerjoin(
        outcomes,
        and_(
            outcomes.c.case_id == case_pathways.c.case_id,
            outcomes.c.pathway == case_pathways.c.pathway,
            outcomes.c.revision >= case_pathways.c.revision,
        ),
    )
    statement = (
        select(case_pathways, cases.c.arrived_at)
        .select_from(joined)
        .where(case_pathways.c.eligible, case_pathways.c.deadline < now, outcomes.c.case_id.is_(None))
        .order_by(case_pathways.c.deadline)
        .limit(limit)
    )
    return [
        Overdue(row.case_id, row.pathway, row.revision, row.arrived_at, row.deadline)
        for row in await connection.execute(statement)
    ]


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
