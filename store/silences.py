"""Silences: a person stops the paging of a team or pathway, for a reason and until an instant, never for ever.

Who calls it: the command line sets and lifts, the pager asks, the board shows. What a silence does to incidents is
``alerting.pager.escalation``.
"""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import insert, or_, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from store import audit
from store.listen import Channel, notify
from store.tables import silences


@dataclass(frozen=True, slots=True, kw_only=True)
class Silence:
    """A silence; empty ``team`` or ``pathway`` mean every one."""

    silence_id: str
    team: str
    pathway: str
    reason: str
    set_by: str
    starts_at: datetime
    ends_at: datetime
    lifted_at: datetime | None = None
    lifted_by: str = ""


async def set_silence(
    connection: AsyncConnection, *, team: str, pathway: str, reason: str, by: str, until: datetime, now: datetime
) -> Silence:
    """Set a silence and write it into the audit log.

    Raises:
        ValueError: ``until`` is not after ``now``.
    """
    if until <= now:
        raise ValueError("a silence ends after it begins")
    made = Silence(
        silence_id=str(uuid.uuid4()),
        team=team,
        pathway=pathway,
        reason=reason,
        set_by=by,
        starts_at=now,
        ends_at=until,
    )
    row = {name: getattr(made, name) for name in Silence.__dataclass_fields__}
    await connection.execute(insert(silences).values(**row))
    detail = {"silence": made.silence_id, "team": team, "pathway": pathway, "reason": reason, "until": until}
    await audit.append(connection, at=now, actor=by, action="silence.set", case_id=None, detail=detail)
    await _told(connection)
    return made


async def lift(connection: AsyncConnection, silence_id: str, *, by: str, now: datetime) -> bool:
    """End a silence early; False where it is over already."""
    statement = (
        update(silences)
        .where(silences.c.silence_id == silence_id, silences.c.lifted_at.is_(None), silences.c.ends_at > now)
        .values(lifted_at=now, lifted_by=by)
    )
    if (await connection.execute(statement)).rowcount == 0:
        return False
    await audit.append(
        connection, at=now, actor=by, action="silence.lifted", case_id=None, detail={"silence": silence_id}
    )
    await _told(connection)
    return True


async def in_force(connection: AsyncConnection, now: datetime) -> list[Silence]:
    """Read the silences in force at ``now``, the one that ends first first."""
    statement = (
        select(silences)
        .where(silences.c.lifted_at.is_(None), silences.c.starts_at <= now, silences.c.ends_at > now)
        .order_by(silences.c.ends_at)
    )
    return [Silence(**row) for row in (await connection.execute(statement)).mappings()]


async def covering(connection: AsyncConnection, *, team: str, pathway: str, now: datetime) -> Silence | None:
    """The silence that covers a team and pathway at ``now``, if any."""
    statement = (
        select(silences)
        .where(
            silences.c.lifted_at.is_(None),
            silences.c.starts_at <= now,
            silences.c.ends_at > now,
            or_(silences.c.team == "", silences.c.team == team),
            or_(silences.c.pathway == "", silences.c.pathway == pathway),
        )
        .limit(1)
    )
    row = (await connection.execute(statement)).mappings().first()
    return Silence(**row) if row else None


async def _told(connection: AsyncConnection) -> None:
    await notify(connection, Channel.PAGES)
    await notify(connection, Channel.WORKLIST)
