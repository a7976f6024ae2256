"""Cases and their deadlines: what is overdue, what may become so, and how long it took lately.

Who calls it: the pager's watches over deadlines.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, Float, and_, cast, extract, func, or_, select
from sqlalchemy.ext.asyncio import AsyncConnection

from schemas.findings import OutcomeKind
from schemas.ids import CaseId
from store.outcomes import DEADLINE_REASON
from store.tables import case_pathways, cases, desk_notices, outcomes


@dataclass(frozen=True, slots=True)
class Overdue:
    """A case that owes an outcome on a pathway since ``deadline``."""

    case_id: CaseId
    pathway: str
    deadline: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Watched:
    """A case on a pathway with what people call it; ``requested_at`` is when its analysis was asked for."""

    case_id: CaseId
    reference: str
    pathway: str
    requested_at: datetime
    deadline: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """A standing notice about a case, and how the case stands on one of its pathways."""

    notice_id: str
    case_id: CaseId
    pathway: str
    decided: bool
    failed: bool
    """It was decided, but there is no result."""


_SAME_PATHWAY = and_(outcomes.c.case_id == case_pathways.c.case_id, outcomes.c.pathway == case_pathways.c.pathway)
_MISSED = and_(outcomes.c.kind == OutcomeKind.FAILED, outcomes.c.reason == DEADLINE_REASON)


async def overdue_cases(connection: AsyncConnection, *, now: datetime, limit: int) -> list[Overdue]:
    """Read eligible cases whose deadline has passed and that have no outcome, the longest overdue first."""
    statement = (
        select(case_pathways.c.case_id, case_pathways.c.pathway, case_pathways.c.deadline)
        .outerjoin(outcomes, _SAME_PATHWAY)
        .where(case_pathways.c.eligible, case_pathways.c.deadline < now, outcomes.c.case_id.is_(None))
        .order_by(case_pathways.c.deadline)
        .limit(limit)
    )
    return [Overdue(CaseId(row.case_id), row.pathway, row.deadline) for row in await connection.execute(statement)]


async def waiting(connection: AsyncConnection, *, now: datetime, limit: int) -> list[Watched]:
    """Read eligible cases without an outcome whose deadline is ahead, the nearest deadline first."""
    condition = and_(case_pathways.c.deadline >= now, outcomes.c.case_id.is_(None))
    return await _watched(connection, condition, limit=limit)


async def missed_since(connection: AsyncConnection, since: datetime) -> list[Watched]:
    """Read cases that failed because of their deadline since ``since``, the longest overdue first."""
    return await _watched(connection, and_(_MISSED, outcomes.c.decided_at >= since), limit=None)


async def told_of(connection: AsyncConnection, kinds: Sequence[str]) -> list[Told]:
    """Read the standing notices of some kinds, once for each pathway of their case."""
    notice = desk_notices.c
    statement = (
        select(
            notice.notice_id,
            case_pathways.c.case_id,
            case_pathways.c.pathway,
            outcomes.c.case_id.is_not(None).label("decided"),
            func.coalesce(outcomes.c.kind == OutcomeKind.FAILED, False).label("failed"),
        )
        .join(case_pathways, case_pathways.c.case_id == notice.case_id)
        .outerjoin(outcomes, _SAME_PATHWAY)
        .where(notice.cleared_at.is_(None), notice.kind.in_(kinds))
    )
    return [
        Told(
            notice_id=row.notice_id,
            case_id=CaseId(row.case_id),
            pathway=row.pathway,
            decided=row.decided,
            failed=row.failed,
        )
        for row in await connection.execute(statement)
    ]


async def recent_durations(connection: AsyncConnection, *, per_pathway: int) -> Mapping[str, Sequence[float]]:
    """Seconds from request to decision of the newest outcomes, by pathway, the newest first.

    Outcomes that say something of how long an analysis takes: findings, and failures at the deadline, which took at
    least as long as they are counted here.
    """
    took = cast(extract("epoch", outcomes.c.decided_at - case_pathways.c.requested_at), Float)
    place = func.row_number().over(partition_by=outcomes.c.pathway, order_by=outcomes.c.decided_at.desc())
    inner = (
        select(outcomes.c.pathway, took.label("took_s"), place.label("place"))
        .join(case_pathways, _SAME_PATHWAY)
        .where(case_pathways.c.eligible, or_(outcomes.c.kind == OutcomeKind.SCORED, _MISSED))
        .subquery()
    )
    statement = select(inner.c.pathway, inner.c.took_s).where(inner.c.place <= per_pathway).order_by(inner.c.place)
    found: dict[str, list[float]] = defaultdict(list)
    for row in await connection.execute(statement):
        found[row.pathway].append(row.took_s)
    return found


async def _watched(connection: AsyncConnection, condition: ColumnElement[bool], *, limit: int | None) -> list[Watched]:
    plan = case_pathways.c
    statement = (
        select(plan.case_id, cases.c.reference, plan.pathway, plan.requested_at, plan.deadline)
        .join(cases, cases.c.case_id == plan.case_id)
        .outerjoin(outcomes, _SAME_PATHWAY)
        .where(plan.eligible, condition)
        .order_by(plan.deadline)
        .limit(limit)
    )
    return [Watched(**row) for row in (await connection.execute(statement)).mappings()]
