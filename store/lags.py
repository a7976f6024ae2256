"""How long the provider's list hid accepted messages: what all pagers of a database have seen.

Who calls it: ``alerting.pager.settling``. The newest ``KEPT`` of each channel stay.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import delete, func, insert, select
from sqlalchemy.ext.asyncio import AsyncConnection

from store.tables import list_lags

KEPT = 1000


@dataclass(frozen=True, slots=True)
class Lag:
    """One observation; where it is not ``seen``, the list had not shown the message after ``lag_s`` seconds."""

    lag_s: float
    seen: bool


async def add(connection: AsyncConnection, channel: str, lag: Lag, *, now: datetime) -> None:
    """Write an observation and drop those of its channel that are too many."""
    await connection.execute(insert(list_lags).values(channel=channel, lag_s=lag.lag_s, seen=lag.seen, at=now))
    mine = select(list_lags.c.seq).where(list_lags.c.channel == channel)
    oldest_kept = mine.order_by(list_lags.c.seq.desc()).offset(KEPT - 1).limit(1).scalar_subquery()
    await connection.execute(
        delete(list_lags).where(list_lags.c.channel == channel, list_lags.c.seq < func.coalesce(oldest_kept, 0))
    )


async def recent(connection: AsyncConnection) -> Mapping[str, Sequence[Lag]]:
    """Read the observations of every channel, oldest first."""
    found: dict[str, list[Lag]] = defaultdict(list)
    statement = select(list_lags.c.channel, list_lags.c.lag_s, list_lags.c.seen).order_by(list_lags.c.seq)
    for row in await connection.execute(statement):
        found[row.channel].append(Lag(row.lag_s, row.seen))
    return found
