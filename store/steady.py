"""By how much the time of paging differs from PostgreSQL's wall clock: one row, the same for all pagers.

Who calls it: ``alerting.pager.clock``, which decides. The row also says when the time was last read and what the
boot clock of that machine said, so that a pager that starts again goes on where it was.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import exists, func, select, update
from sqlalchemy.engine import Row
from sqlalchemy.ext.asyncio import AsyncConnection

from store.tables import incidents, page_outbox, pager_clock


@dataclass(frozen=True, slots=True)
class Kept:
    """What stands in the row; ``at`` is None before the first reading was kept."""

    shift: timedelta
    at: datetime | None
    boot_id: str
    boot_s: float
    epoch: int
    """Counts the changes of ``shift``: whoever sees a new one takes the time over."""


async def read(connection: AsyncConnection) -> tuple[datetime, Kept]:
    """PostgreSQL's wall clock and the row."""
    statement = select(func.clock_timestamp().label("wall"), pager_clock)
    row = (await connection.execute(statement)).one()
    return row.wall, _kept(row)


async def lock(connection: AsyncConnection) -> Kept:
    """The row, locked until the transaction ends."""
    row = (await connection.execute(select(pager_clock).with_for_update())).one()
    return _kept(row)


async def keep(connection: AsyncConnection, at: datetime, *, boot_s: float, boot_id: str) -> None:
    """Keep a reading; where another pager has the row at this moment, its reading is as good."""
    free = select(pager_clock.c.one).with_for_update(skip_locked=True).scalar_subquery()
    await connection.execute(
        update(pager_clock).where(pager_clock.c.one == free).values(at=at, boot_s=boot_s, boot_id=boot_id)
    )


async def shift(connection: AsyncConnection, by: timedelta) -> None:
    """Write down by how much the wall clock is ahead of the time of paging."""
    await connection.execute(update(pager_clock).values(shift_s=by.total_seconds(), epoch=pager_clock.c.epoch + 1))


async def settle(connection: AsyncConnection) -> bool:
    """Take the wall clock over where nothing is under way; say whether there was a difference."""
    busy = exists(select(incidents.c.incident_id).where(incidents.c.state == "open"))
    sending = exists(select(page_outbox.c.page_id).where(page_outbox.c.state.in_(("pending", "sending"))))
    idle = (pager_clock.c.shift_s != 0, ~busy, ~sending)
    statement = update(pager_clock).where(*idle).values(shift_s=0.0, at=None, epoch=pager_clock.c.epoch + 1)
    return (await connection.execute(statement)).rowcount > 0


def _kept(row: Row[Any]) -> Kept:
    return Kept(timedelta(seconds=row.shift_s), row.at, row.boot_id, row.boot_s, row.epoch)
