"""Page intents: what the decision transaction writes and the pager later sends.

One row is one thing a person may feel: unique per (incident, recipient, channel, step).
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncConnection

from store.listen import Channel, notify
from store.tables import page_outbox


@dataclass(frozen=True, slots=True, kw_only=True)
class PageIntent:
    """A page to be sent at ``due_at``: one message to one person over one channel at one escalation step."""

    page_id: str
    incident_id: str
    recipient: str
    channel: str
    step: int
    body: str
    nonce: str
    due_at: datetime


async def add(connection: AsyncConnection, intent: PageIntent, *, now: datetime) -> bool:
    """Write an intent in the caller's transaction and wake the pager; False where it stood there already."""
    statement = (
        insert(page_outbox)
        .values(
            page_id=intent.page_id,
            incident_id=intent.incident_id,
            recipient=intent.recipient,
            channel=intent.channel,
            step=intent.step,
            body=intent.body,
            nonce=intent.nonce,
            due_at=intent.due_at,
            created_at=now,
            state="pending",
        )
        .on_conflict_do_nothing()
        .returning(page_outbox.c.page_id)
    )
    added = (await connection.execute(statement)).first() is not None
    if added:
        await notify(connection, Channel.PAGES, intent.page_id)
    return added
