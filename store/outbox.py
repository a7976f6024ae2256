"""Page intents: what the escalation writes and the pager sends.

One row is one thing a person may feel: unique per (incident, recipient, channel, step). Who calls it: the pager
(``add``), the board and the demo (``pages_of``). Claims stand in ``store.leases``, changes in ``store.pages``.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncConnection

from store.listen import Channel, notify
from store.tables import incidents, page_outbox


@dataclass(frozen=True, slots=True, kw_only=True)
class PageIntent:
    """A page to be sent at ``due_at``: one message to one person over one channel at one escalation step."""

    page_id: str
    incident_id: str | None
    recipient: str
    channel: str
    step: int
    body: str
    nonce: str
    due_at: datetime
    kind: str = "page"
    reference: str = ""
    """The code that an answer names."""
    to_number: str | None = field(default=None, repr=False)
    """Only of an answer to a number that is nobody's."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PageTimes:
    """What became of a page and when; every instant is aware UTC, None where it has not happened.

    ``created_at`` to ``sent_at`` is the ledger's stage ``page_commit``, ``sent_at`` to ``accepted_at`` is
    ``page_accept``. ``acknowledged_at`` is the incident's.
    """

    page_id: str
    kind: str
    incident_id: str | None
    case_id: str | None
    recipient: str
    channel: str
    step: int
    body: str
    state: str
    possible_duplicate: bool
    tries: int
    last_error: str
    created_at: datetime
    sent_at: datetime | None
    accepted_at: datetime | None
    delivered_at: datetime | None
    acknowledged_at: datetime | None


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
            kind=intent.kind,
            reference=intent.reference,
            to_number=intent.to_number,
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


async def pages_of(connection: AsyncConnection, incident_ids: Sequence[str] | None = None) -> list[PageTimes]:
    """Read the pages of the given incidents, or of all, oldest first."""
    page = page_outbox.c
    statement = (
        select(
            *(page[name] for name in _PAGE_COLUMNS),
            incidents.c.case_id,
            incidents.c.acknowledged_at,
        )
        .outerjoin(incidents, incidents.c.incident_id == page.incident_id)
        .order_by(page.created_at, page.step, page.page_id)
    )
    if incident_ids is not None:
        statement = statement.where(page.incident_id.in_(incident_ids))
    return [PageTimes(**row) for row in (await connection.execute(statement)).mappings()]


_PAGE_COLUMNS = (
    "page_id",
    "kind",
    "incident_id",
    "recipient",
    "channel",
    "step",
    "body",
    "state",
    "possible_duplicate",
    "tries",
    "last_error",
    "created_at",
    "sent_at",
    "accepted_at",
    "delivered_at",
)
