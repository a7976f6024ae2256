"""Cases that passed their deadline without an outcome; read by the pager's overdue watch."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import and_, select
from sqlalchemy.ext.asyncio import AsyncConnection

from schemas.ids import CaseId
from store.tables import case_pathways, outcomes


@dataclass(frozen=True, slots=True)
class Overdue:
    """A case that owes an outcome on a pathway since ``deadline``."""

    case_id: CaseId
    pathway: str
    deadline: datetime


async def overdue_cases(connection: AsyncConnection, *, now: datetime, limit: int) -> list[Overdue]:
    """Read eligible cases whose deadline has passed and that have no outcome, the longest overdue first."""
    statement = (
        select(case_pathways.c.case_id, case_pathways.c.pathway, case_pathways.c.deadline)
        .outerjoin(
            outcomes,
            and_(outcomes.c.case_id == case_pathways.c.case_id, outcomes.c.pathway == case_pathways.c.pathway),
        )
        .where(case_pathways.c.eligible, case_pathways.c.deadline < now, outcomes.c.case_id.is_(None))
        .order_by(case_pathways.c.deadline)
        .limit(limit)
    )
    return [Overdue(CaseId(row.case_id), row.pathway, row.deadline) for row in await connection.execute(statement)]
