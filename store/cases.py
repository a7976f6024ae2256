"""The case register: studies, the pathways they must pass, and how they ended.

Every write is idempotent: repeated events and replays change nothing.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import msgspec
from sqlalchemy import func, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.engine import Row
from sqlalchemy.ext.asyncio import AsyncConnection

from schemas.events import StudyArrived
from schemas.ids import CaseId, case_reference
from schemas.priorities import Lane, Priority, parse_priority
from store.tables import case_pathways, cases

_REFERENCE_TRIES = 64


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """A registered case with the newest revision of its study."""

    case_id: CaseId
    reference: str
    priority: Priority
    revision: int
    arrived_at: datetime
    acquired_at: datetime | None
    study: StudyArrived
    traceparent: str


@dataclass(frozen=True, slots=True, kw_only=True)
class PathwayPlan:
    """What the router decided for one pathway of a case."""

    pathway: str
    eligible: bool
    lane: Lane
    reason: str
    deadline: datetime


async def register(
    connection: AsyncConnection, *, case_id: CaseId, study: StudyArrived, traceparent: str, now: datetime
) -> tuple[Case, bool]:
    """Register a study, or amend it where the revision is newer; returns the case and whether anything changed.

    A human's priority is never lowered: the more urgent of the stored and the new one is kept. ``arrived_at`` stays
    that of the first revision, so that the waiting clock does not restart.
    """
    known = await find(connection, case_id, lock=True)
    if known is not None and known.revision >= study.revision:
        return known, False
    values = _values(case_id, study, traceparent, now)
    if known is None:
        reference = await _free_reference(connection, case_id)
        statement = insert(cases).values(**values, reference=reference).on_conflict_do_nothing()
        added = (await connection.execute(statement.returning(cases.c.case_id))).first() is not None
    else:
        kept = min(known.priority, study.priority, key=lambda priority: priority.rank)
        amended = {**values, "priority": kept, "arrived_at": known.arrived_at, "traceparent": known.traceparent}
        change = update(cases).where(cases.c.case_id == case_id).values(**amended)
        added = (await connection.execute(change.returning(cases.c.case_id))).first() is not None
    case = await find(connection, case_id)
    assert case is not None  # noqa: S101 - just written in this transaction
    return case, added


async def find(connection: AsyncConnection, case_id: str, *, lock: bool = False) -> Case | None:
    """Read a case; ``lock`` holds it until the transaction ends."""
    statement = select(cases).where(cases.c.case_id == case_id)
    row = (await connection.execute(statement.with_for_update() if lock else statement)).first()
    return _case(row) if row else None


async def plan(connection: AsyncConnection, case: Case, plans: Sequence[PathwayPlan], *, now: datetime) -> None:
    """Write what each pathway must do for the case's revision; a newer revision replaces an older plan."""
    for item in plans:
        values = {
            "eligible": item.eligible,
            "lane": item.lane,
            "reason": item.reason,
            "revision": case.revision,
            "deadline": item.deadline,
            "requested_at": now,
        }
        statement = insert(case_pathways).values(case_id=case.case_id, pathway=item.pathway, **values)
        newer = statement.on_conflict_do_update(
            index_elements=["case_id", "pathway"], set_=values, where=case_pathways.c.revision < case.revision
        )
        await connection.execute(newer)


async def plans_of(connection: AsyncConnection, case_id: str) -> list[PathwayPlan]:
    """Read the pathways of a case, by name."""
    statement = select(case_pathways).where(case_pathways.c.case_id == case_id).order_by(case_pathways.c.pathway)
    return [
        PathwayPlan(
            pathway=row.pathway, eligible=row.eligible, lane=Lane(row.lane), reason=row.reason, deadline=row.deadline
        )
        for row in await connection.execute(statement)
    ]


async def count(connection: AsyncConnection) -> int:
    """Number of registered cases."""
    return int((await connection.execute(select(func.count()).select_from(cases))).scalar_one())


async def _free_reference(connection: AsyncConnection, case_id: CaseId) -> str:
    for salt in range(_REFERENCE_TRIES):
        reference = case_reference(case_id, salt)
        taken = select(cases.c.case_id).where(cases.c.reference == reference)
        if (await connection.execute(taken)).first() is None:
            return reference
    # 22^4 codes; 64 collisions in a row mean that the register holds most of them: fall back to the whole id.
    return case_id.upper()


def _values(case_id: CaseId, study: StudyArrived, traceparent: str, now: datetime) -> dict[str, Any]:
    return {
        "case_id": case_id,
        "study_uid": study.study_uid,
        "patient_key": study.patient_key,
        "site": study.site,
        "source": study.source,
        "modality": study.modality,
        "body_part": study.body_part,
        "description": study.description,
        "priority": study.priority,
        "revision": study.revision,
        "readiness": study.readiness,
        "acquired_at": study.clocks.acquired_at,
        "arrived_at": study.clocks.last_instance_at,
        "ready_at": study.clocks.ready_at,
        "registered_at": now,
        "traceparent": traceparent,
        "study": msgspec.to_builtins(study),
    }


def _case(row: Row[Any]) -> Case:
    return Case(
        case_id=CaseId(row.case_id),
        reference=row.reference,
        priority=parse_priority(row.priority),
        revision=row.revision,
        arrived_at=row.arrived_at,
        acquired_at=row.acquired_at,
        study=msgspec.convert(row.study, StudyArrived),
        traceparent=row.traceparent,
    )
