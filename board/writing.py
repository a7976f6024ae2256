"""The one thing that the board itself writes: that a notice was seen. Answers go through ``alerting.pager.inbound``."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncEngine

from store import audit, desk
from store.engine import transaction
from store.tables import desk_notices

_ACTOR = "board"


class StoreDesk:
    """Clears notices in PostgreSQL and writes it into the audit log."""

    def __init__(self, engine: AsyncEngine) -> None:
        self._engine = engine

    async def seen(self, notice_id: str, *, now: datetime) -> bool:
        """Clear a notice; False where none stands.

        Raises:
            PeerUnavailable: PostgreSQL does not answer.
        """
        async with transaction(self._engine) as connection:
            if not await desk.clear(connection, notice_id, by=_ACTOR, now=now):
                return False
            notice = desk_notices.c
            chosen = select(notice.kind, notice.case_id).where(notice.notice_id == notice_id)
            row = (await connection.execute(chosen)).one()
            detail = {"notice": notice_id, "kind": row.kind}
            await audit.append(
                connection, at=now, actor=_ACTOR, action="notice.seen", case_id=row.case_id, detail=detail
            )
        return True
