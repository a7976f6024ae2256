"""What is known of each person's ways to be reached: when each last worked, failed, or opted out.

Who calls it: ``alerting.pager``, in the transaction of the page that taught it. People stand here by code alone.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncConnection

from store.tables import phones


@dataclass(frozen=True, slots=True, kw_only=True)
class Phone:
    """One person over one channel; every instant is aware UTC, None where it never happened."""

    recipient: str
    channel: str
    accepted_at: datetime | None
    delivered_at: datetime | None
    answered_at: datetime | None
    failed_at: datetime | None
    failure: str
    opted_out_at: datetime | None

    @property
    def is_opted_out(self) -> bool:
        """Whether the carrier refuses to send there."""
        return self.opted_out_at is not None


async def learn(connection: AsyncConnection, recipient: str, channel: str, **values: object) -> None:
    """Write down what was learnt of a person's channel; the columns are those of ``Phone``."""
    statement = insert(phones).values(recipient=recipient, channel=channel, **values)
    await connection.execute(
        statement.on_conflict_do_update(index_elements=["recipient", "channel"], set_=dict(values))
    )


async def all_of(connection: AsyncConnection, recipients: Sequence[str] | None = None) -> list[Phone]:
    """Read what is known of some people, or of all."""
    statement = select(phones).order_by(phones.c.recipient, phones.c.channel)
    if recipients is not None:
        statement = statement.where(phones.c.recipient.in_(recipients))
    return [Phone(**row) for row in (await connection.execute(statement)).mappings()]


async def opted_out(connection: AsyncConnection) -> frozenset[tuple[str, str]]:
    """Person and channel pairs that the carrier refuses to send to."""
    statement = select(phones.c.recipient, phones.c.channel).where(phones.c.opted_out_at.is_not(None))
    return frozenset((row.recipient, row.channel) for row in await connection.execute(statement))


async def count_opted_out(connection: AsyncConnection) -> int:
    """How many phones refuse our messages."""
    statement = select(func.count()).select_from(phones).where(phones.c.opted_out_at.is_not(None))
    return int((await connection.execute(statement)).scalar_one())
