"""One page of the outbox under a row lock, and the single way to change it.

Who calls it: ``alerting.pager``. A change is written together with its history row and its audit row, in the
caller's transaction; a change whose dedupe key stands in the history already is not applied again.
It decides nothing: the next state comes from ``alerting.core.pages``.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

import msgspec
from sqlalchemy import ColumnElement, Select, func, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncConnection

from store import audit
from store.listen import Channel, notify
from store.tables import incidents, page_events, page_outbox, phones

_STRAYS_SINCE = timedelta(minutes=30)
_ADOPTION_LOCK = 0x0ADD0B75
"""Key of the advisory lock; any number that nothing else in the database uses."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PageRow:
    """A page as the store knows it; ``fence`` counts the claims, so an older claim can be told from the newest."""

    page_id: str
    kind: str
    incident_id: str | None
    case_id: str | None
    """None of a message that is about no case."""
    reference: str
    recipient: str
    to_number: str | None = field(repr=False)
    channel: str
    step: int
    state: str
    body: str
    nonce: str
    attempt_id: str | None
    fence: int
    tries: int
    provider_sid: str | None
    possible_duplicate: bool
    last_error: str
    created_at: datetime
    due_at: datetime
    claimed_at: datetime | None
    lease_until: datetime | None
    sent_at: datetime | None
    accepted_at: datetime | None
    delivered_at: datetime | None
    lookup_since: datetime | None
    answered_at: datetime | None
    incident_state: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class PageChange:
    """One entry of a page's history and the columns it sets; ``detail`` holds no number and no patient data."""

    kind: str
    dedupe_key: str
    values: Mapping[str, object] = field(default_factory=dict)
    detail: Mapping[str, object] = field(default_factory=dict)
    wake: bool = False
    """Wake the pagers when the transaction commits."""


PAGE_ROW = (
    *(page_outbox.c[name] for name in PageRow.__dataclass_fields__ if name in page_outbox.c),
    incidents.c.case_id,
    incidents.c.state.label("incident_state"),
)


async def store_now(connection: AsyncConnection) -> datetime:
    """PostgreSQL's clock: the one clock that all pagers of a database share."""
    now: datetime = (await connection.execute(select(func.clock_timestamp()))).scalar_one()
    return now


async def lock(connection: AsyncConnection, page_id: str, *, fence: int | None = None) -> PageRow | None:
    """Lock a page; None where it does not exist, or where a later claim than ``fence`` owns it."""
    conditions: list[ColumnElement[bool]] = [page_outbox.c.page_id == page_id]
    if fence is not None:
        conditions.append(page_outbox.c.fence == fence)
    return await _locked(connection, *conditions)


async def lock_by_sid(connection: AsyncConnection, provider_sid: str) -> PageRow | None:
    """Lock the page that the provider knows as ``provider_sid``."""
    return await _locked(connection, page_outbox.c.provider_sid == provider_sid)


async def known_sid(connection: AsyncConnection, provider_sid: str) -> bool:
    """Say whether some page was accepted as ``provider_sid``."""
    statement = select(page_outbox.c.page_id).where(page_outbox.c.provider_sid == provider_sid)
    return (await connection.execute(statement)).first() is not None


async def owner_of_sid(connection: AsyncConnection, provider_sid: str) -> str | None:
    """Return the page that was accepted as ``provider_sid``, None where it is nobody's."""
    statement = select(page_outbox.c.page_id).where(page_outbox.c.provider_sid == provider_sid)
    owner: str | None = (await connection.execute(statement)).scalar_one_or_none()
    return owner


async def one_adoption_at_a_time(connection: AsyncConnection) -> None:
    """Until the transaction ends, nobody else adopts: two pages in doubt must not take one message for theirs."""
    await connection.execute(select(func.pg_advisory_xact_lock(_ADOPTION_LOCK)))


async def change(connection: AsyncConnection, row: PageRow, what: PageChange, *, actor: str, now: datetime) -> bool:
    """Write history, columns and audit of one change; False where this very change was written before."""
    if not await note(connection, what, page_id=row.page_id, incident_id=row.incident_id, now=now):
        return False
    if what.values:
        await connection.execute(
            update(page_outbox).where(page_outbox.c.page_id == row.page_id).values(**dict(what.values))
        )
    detail = {"page_id": row.page_id, "recipient": row.recipient, "channel": row.channel, **what.detail}
    await audit.append(connection, at=now, actor=actor, action=f"page.{what.kind}", case_id=row.case_id, detail=detail)
    await notify(connection, Channel.WORKLIST, row.case_id or "")
    if what.wake:
        await notify(connection, Channel.PAGES, row.page_id)
    return True


async def note(
    connection: AsyncConnection, what: PageChange, *, page_id: str | None, incident_id: str | None, now: datetime
) -> bool:
    """Write a history row alone; False where its dedupe key stands there already."""
    statement = (
        insert(page_events)
        .values(
            page_id=page_id,
            incident_id=incident_id,
            kind=what.kind,
            detail=msgspec.to_builtins(dict(what.detail)),
            dedupe_key=what.dedupe_key,
            at=now,
        )
        .on_conflict_do_nothing(index_elements=["dedupe_key"])
        .returning(page_events.c.seq)
    )
    return (await connection.execute(statement)).first() is not None


async def seen(connection: AsyncConnection, dedupe_keys: list[str]) -> set[str]:
    """Return those of ``dedupe_keys`` that stand in the history."""
    column = page_events.c.dedupe_key
    return set((await connection.execute(select(column).where(column.in_(dedupe_keys)))).scalars())


async def read(connection: AsyncConnection, page_ids: list[str]) -> list[PageRow]:
    """Read pages as they are in this transaction."""
    statement = _select().where(page_outbox.c.page_id.in_(page_ids))
    return [PageRow(**row) for row in (await connection.execute(statement)).mappings()]


async def lock_all(connection: AsyncConnection, incident_ids: list[str]) -> list[PageRow]:
    """Lock all pages of some incidents, in a fixed order so that two that do so never wait for each other."""
    statement = (
        _select()
        .where(page_outbox.c.incident_id.in_(incident_ids))
        .order_by(page_outbox.c.page_id)
        .with_for_update(of=page_outbox, key_share=True)
    )
    return [PageRow(**row) for row in (await connection.execute(statement)).mappings()]


async def paged_as(connection: AsyncConnection, incident_id: str, recipients: list[str]) -> PageRow | None:
    """Return the newest page of an incident that may have reached one of ``recipients``."""
    statement = (
        _select()
        .where(
            page_outbox.c.incident_id == incident_id,
            page_outbox.c.kind == "page",
            page_outbox.c.recipient.in_(recipients),
            page_outbox.c.tries > 0,
        )
        .order_by(page_outbox.c.step.desc(), page_outbox.c.sent_at.desc())
        .limit(1)
    )
    row = (await connection.execute(statement)).mappings().first()
    return PageRow(**row) if row else None


async def spent_ways(connection: AsyncConnection, row: PageRow) -> set[str]:
    """Other channels that do not help the person of a page: a page of its step not accepted, an opt-out.

    A page there that is still under way counts, too: two pages in doubt must not each rely on the other.
    """
    page, phone = page_outbox.c, phones.c
    tried = select(page.channel).where(
        page.incident_id == row.incident_id,
        page.recipient == row.recipient,
        page.step == row.step,
        page.page_id != row.page_id,
        page.state.not_in(("accepted", "delivered")),
    )
    refused = select(phone.channel).where(phone.recipient == row.recipient, phone.opted_out_at.is_not(None))
    return set((await connection.execute(tried.union(refused))).scalars())


async def strays(connection: AsyncConnection, row: PageRow) -> int:
    """How many calls to the person of a page may be nobody's: one for each other call that may have come twice.

    Such a page was given up or sent again although the provider may have had it; what it had then has no owner.
    """
    page = page_outbox.c
    statement = (
        select(func.count())
        .select_from(page_outbox)
        .where(
            page.recipient == row.recipient,
            page.channel == row.channel,
            page.possible_duplicate,
            page.page_id != row.page_id,
            page.created_at > row.created_at - _STRAYS_SINCE,
        )
    )
    return int((await connection.execute(statement)).scalar_one())


async def count_by_state(connection: AsyncConnection) -> dict[str, int]:
    """Count all pages by state."""
    statement = select(page_outbox.c.state, func.count()).group_by(page_outbox.c.state)
    return {str(row[0]): int(row[1]) for row in await connection.execute(statement)}


async def _locked(connection: AsyncConnection, *conditions: ColumnElement[bool]) -> PageRow | None:
    statement = _select().where(*conditions).with_for_update(of=page_outbox, key_share=True)
    row = (await connection.execute(statement)).mappings().first()
    return PageRow(**row) if row else None


def _select() -> Select[Any]:
    return select(*PAGE_ROW).outerjoin(incidents, incidents.c.incident_id == page_outbox.c.incident_id)
