"""Notices of the ED desk: what a person there must know, shown on the board until it is cleared.

Who calls it: the pager and the decider raise, the board shows and clears. A notice is named by what it is about, so
raising it again changes nothing while it stands.
"""

from __future__ import annotations

import enum
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncConnection

from schemas.ids import event_id_of
from store.listen import Channel, notify
from store.tables import desk_notices


class NoticeKind(enum.StrEnum):
    """What the ED desk is told."""

    NOBODY_ANSWERED = "nobody_answered"
    """The dead-man alarm: every step was taken, nobody took the case."""
    ALL_DECLINED = "all_declined"
    NOBODY_ON_CALL = "nobody_on_call"
    RESULT_OVERDUE = "result_overdue"
    """AI result not available: the deadline passed."""
    RESULT_LATE = "result_late"
    """The deadline will probably be missed."""
    OPTED_OUT = "opted_out"
    """A phone refuses our messages."""
    PHONE_UNREACHABLE = "phone_unreachable"
    HEARTBEAT_MISSED = "heartbeat_missed"
    """The page that proves the path did not arrive."""
    ROTA_GAP = "rota_gap"
    SILENCED = "silenced"
    """A finding was not paged because a person silenced its team or pathway."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Notice:
    """One notice; ``text`` names no patient."""

    notice_id: str
    kind: str
    case_id: str | None
    incident_id: str | None
    text: str
    raised_at: datetime
    cleared_at: datetime | None = None
    cleared_by: str = ""


def notice_id_of(kind: NoticeKind, about: str) -> str:
    """The deterministic id of the notice of a kind about something."""
    return event_id_of(about, "notice", kind)


async def raise_notice(
    connection: AsyncConnection,
    kind: NoticeKind,
    *,
    about: str,
    text: str,
    now: datetime,
    case_id: str | None = None,
    incident_id: str | None = None,
) -> bool:
    """Raise a notice, or raise a cleared one again; False where it stands already."""
    fresh = {"text": text, "raised_at": now, "cleared_at": None, "cleared_by": ""}
    values = {"kind": str(kind), "case_id": case_id, "incident_id": incident_id, **fresh}
    statement = (
        insert(desk_notices)
        .values(notice_id=notice_id_of(kind, about), **values)
        .on_conflict_do_update(index_elements=["notice_id"], set_=fresh, where=desk_notices.c.cleared_at.is_not(None))
        .returning(desk_notices.c.notice_id)
    )
    raised = (await connection.execute(statement)).first() is not None
    if raised:
        await notify(connection, Channel.WORKLIST, case_id or "")
    return raised


async def clear(connection: AsyncConnection, notice_id: str, *, by: str, now: datetime) -> bool:
    """Clear a notice; False where none stands."""
    statement = (
        update(desk_notices)
        .where(desk_notices.c.notice_id == notice_id, desk_notices.c.cleared_at.is_(None))
        .values(cleared_at=now, cleared_by=by)
        .returning(desk_notices.c.case_id)
    )
    row = (await connection.execute(statement)).first()
    if row is not None:
        await notify(connection, Channel.WORKLIST, row.case_id or "")
    return row is not None


async def ever_raised(connection: AsyncConnection, notice_ids: Sequence[str]) -> set[str]:
    """Return those of ``notice_ids`` that were raised at any time, cleared or not."""
    column = desk_notices.c.notice_id
    return set((await connection.execute(select(column).where(column.in_(notice_ids)))).scalars())


async def standing(connection: AsyncConnection) -> list[Notice]:
    """Read the notices that were not cleared, oldest first."""
    statement = select(desk_notices).where(desk_notices.c.cleared_at.is_(None)).order_by(desk_notices.c.raised_at)
    return [Notice(**row) for row in (await connection.execute(statement)).mappings()]
