"""Reads what stands at the top of every screen: notices of the ED desk and silences. Called by ``board.queries``."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import or_, select
from sqlalchemy.ext.asyncio import AsyncConnection

from board.rows import DeskRows, NoticeRow
from store import silences
from store.tables import cases, desk_notices


async def desk_rows(connection: AsyncConnection, site: str | None, *, now: datetime) -> DeskRows:
    """Read standing notices, of one site's cases and of no case, or of all; and the silences in force at ``now``."""
    notice = desk_notices.c
    statement = (
        select(notice.notice_id, notice.kind, notice.text, notice.raised_at, cases.c.reference)
        .select_from(desk_notices.outerjoin(cases, cases.c.case_id == notice.case_id))
        .where(notice.cleared_at.is_(None))
        .order_by(notice.raised_at, notice.notice_id)
    )
    if site is not None:
        statement = statement.where(or_(cases.c.site.is_(None), cases.c.site == site))
    notices = tuple(
        NoticeRow(
            notice_id=row.notice_id,
            kind=row.kind,
            text=row.text,
            raised_at=row.raised_at,
            reference=row.reference or "",
        )
        for row in await connection.execute(statement)
    )
    return DeskRows(notices=notices, silences=tuple(await silences.in_force(connection, now)))
