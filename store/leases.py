"""Claiming pages: several pagers work on one outbox, and each page is with one of them at a time.

Who calls it: ``alerting.pager``. A claim raises the page's fence and writes a lease; whoever holds an older fence
can no longer change the page. ``SKIP LOCKED`` keeps pagers from waiting for each other (PostgreSQL manual,
SELECT, "The Locking Clause"). A claim must be committed before anything is sent.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import Column, ColumnElement, and_, func, not_, or_, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from store import one_call, pages
from store.pages import PageRow
from store.tables import incidents, page_outbox

_LATEST_DUE = timedelta(minutes=15)
_LONGEST_LEASE = timedelta(minutes=5)
# Only pages of an incident can lose their point; what goes to the ED desk or answers somebody is always sent. So is a
# page that could not be sent until the policy had come to its end: nobody has the case, and late is better than never.
_NEEDED = or_(page_outbox.c.kind != "page", func.coalesce(incidents.c.state, "").in_(("open", "exhausted")))


@dataclass(frozen=True, slots=True, kw_only=True)
class Lease:
    """Who claims, from when, for how long."""

    owner: str
    now: datetime
    seconds: float

    @property
    def until(self) -> datetime:
        """When the lease ends."""
        return self.now + timedelta(seconds=self.seconds)


async def claim_due(connection: AsyncConnection, lease: Lease, *, limit: int) -> list[PageRow]:
    """Claim pages that wait to be sent, the first of an incident before repeats; pages nobody needs any more stay."""
    await one_call.one_claim_at_a_time(connection)
    due = _passed(page_outbox.c.due_at, lease.now, _LATEST_DUE)
    condition = and_(page_outbox.c.state == "pending", due, _NEEDED, one_call.no_other_call())
    values = {
        **_lease_values(lease),
        "state": "sending",
        "attempt_id": func.gen_random_uuid().cast(page_outbox.c.attempt_id.type),
        "claimed_at": lease.now,
        "tries": page_outbox.c.tries + 1,
        "lookup_since": None,
    }
    return await _claim(connection, condition, values, limit=limit)


async def claim_in_doubt(connection: AsyncConnection, lease: Lease, *, limit: int) -> list[PageRow]:
    """Claim pages whose attempt ended in doubt, or whose pager died: lease over, no answer of the provider."""
    condition = and_(page_outbox.c.state == "sending", _passed(page_outbox.c.lease_until, lease.now, _LONGEST_LEASE))
    values = {**_lease_values(lease), "lookup_since": func.coalesce(page_outbox.c.lookup_since, lease.now)}
    return await _claim(connection, condition, values, limit=limit)


async def claim_receipts(
    connection: AsyncConnection, lease: Lease, *, accepted_after: datetime, limit: int
) -> list[PageRow]:
    """Take accepted pages whose receipt is due; the next look is due when the lease ends. The fence stays."""
    condition = and_(
        page_outbox.c.state == "accepted",
        page_outbox.c.receipt_due_at <= lease.now,
        page_outbox.c.accepted_at > accepted_after,
    )
    return await _claim(connection, condition, {"receipt_due_at": lease.until}, limit=limit)


async def needless(connection: AsyncConnection, *, limit: int) -> list[str]:
    """Ids of pages that wait although their incident is over; locked until the transaction ends."""
    statement = (
        select(page_outbox.c.page_id)
        .outerjoin(incidents, incidents.c.incident_id == page_outbox.c.incident_id)
        .where(page_outbox.c.state == "pending", not_(_NEEDED))
        .limit(limit)
        .with_for_update(of=page_outbox, skip_locked=True, key_share=True)
    )
    return list((await connection.execute(statement)).scalars())


def _lease_values(lease: Lease) -> dict[str, object]:
    return {"lease_owner": lease.owner, "lease_until": lease.until, "fence": page_outbox.c.fence + 1}


async def _claim(
    connection: AsyncConnection, condition: ColumnElement[bool], values: dict[str, object], *, limit: int
) -> list[PageRow]:
    picked = (
        select(page_outbox.c.page_id)
        .outerjoin(incidents, incidents.c.incident_id == page_outbox.c.incident_id)
        .where(condition)
        .order_by(page_outbox.c.kind != "page", page_outbox.c.step > 0, page_outbox.c.due_at)
        .limit(limit)
        .with_for_update(of=page_outbox, skip_locked=True, key_share=True)
    )
    ids = list((await connection.execute(picked)).scalars())
    if not ids:
        return []
    await connection.execute(update(page_outbox).where(page_outbox.c.page_id.in_(ids)).values(**values))
    rows = {row.page_id: row for row in await pages.read(connection, ids)}
    return [rows[page_id] for page_id in ids]


def _passed(column: Column[object], now: datetime, furthest: timedelta) -> ColumnElement[bool]:
    """Whether an instant has passed; one further ahead than it can have been set is the trace of a clock set back."""
    return or_(column <= now, column > now + furthest)
