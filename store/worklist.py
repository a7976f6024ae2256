"""Rows of the reading list: where each case belongs and why. The order itself is computed when it is read."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncConnection

from store.listen import Channel, notify
from store.tables import worklist


@dataclass(frozen=True, slots=True, kw_only=True)
class WorklistRow:
    """One case on the list; ``tier`` and ``order_in_tier`` are those of ``streams.core.ranking``."""

    case_id: str
    site: str
    tier: int
    order_in_tier: int
    rank_reason: str
    state: str
    state_detail: str
    arrived_at: datetime
    wait_limit_at: datetime
    changed_at: datetime


async def put(connection: AsyncConnection, row: WorklistRow) -> bool:
    """Write a row and wake the boards; False where it said the same before."""
    said = {
        "tier": row.tier,
        "order_in_tier": row.order_in_tier,
        "rank_reason": row.rank_reason,
        "state": row.state,
        "state_detail": row.state_detail,
    }
    statement = insert(worklist).values(
        case_id=row.case_id,
        site=row.site,
        arrived_at=row.arrived_at,
        wait_limit_at=row.wait_limit_at,
        changed_at=row.changed_at,
        **said,
    )
    differs = [getattr(worklist.c, name).is_distinct_from(value) for name, value in said.items()]
    changed = differs[0] | differs[1] | differs[2] | differs[3] | differs[4]
    upsert = statement.on_conflict_do_update(
        index_elements=["case_id"], set_={**said, "changed_at": row.changed_at}, where=changed
    ).returning(worklist.c.case_id)
    written = (await connection.execute(upsert)).first() is not None
    if written:
        await notify(connection, Channel.WORKLIST, row.case_id)
    return written


async def open_items(connection: AsyncConnection, site: str | None = None) -> list[WorklistRow]:
    """Read the rows that are not closed, in order of arrival; of one site, or of all."""
    columns = [getattr(worklist.c, name) for name in WorklistRow.__dataclass_fields__]
    statement = select(*columns).where(worklist.c.closed_at.is_(None)).order_by(worklist.c.arrived_at)
    if site is not None:
        statement = statement.where(worklist.c.site == site)
    return [WorklistRow(**row._mapping) for row in await connection.execute(statement)]  # noqa: SLF001 - public in SQLAlchemy
