"""Test pages: one message to one person to prove that a phone is reached, and what became of it.

Who calls it: ``codestroke page test`` writes and watches, the pager sends like any page and takes back what nobody sent
in time. A test is about no case: its code is drawn, and an answer to it changes no incident.
"""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import or_, select
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from alerting.core.contacts import ChannelName, Contact
from alerting.core.notices import test_script, test_text, with_mark
from alerting.core.pages import PageState
from alerting.core.planning import MessageKind
from alerting.pager.claimed import not_needed
from alerting.pager.clock import SteadyClock
from alerting.pager.journal import Journal
from alerting.pager.standings import new_nonce
from schemas.errors import PermanentError
from schemas.ids import event_id_of
from store import audit, outbox, pages
from store.engine import transaction
from store.outbox import PageIntent
from store.tables import cases, page_outbox

_ALPHABET = "23456789CFGHJKMPQRTVWX"
"""That of case codes (``schemas.ids``): an answer to a test reads like one to a page."""
_CODE_LENGTH, _TRIES = 4, 64
_STALE = timedelta(minutes=10)
_A_ROUND = 50


@dataclass(frozen=True, slots=True, kw_only=True)
class PersonTest:
    """A test page and what became of it; every instant is aware UTC, None where it has not happened."""

    page_id: str
    reference: str
    state: str
    tries: int
    last_error: str
    possible_duplicate: bool
    created_at: datetime
    claimed_at: datetime | None
    accepted_at: datetime | None
    delivered_at: datetime | None
    answered_at: datetime | None
    answer: str


async def ask(
    connection: AsyncConnection, person: Contact, *, channel: ChannelName, keys: bool, by: str, now: datetime
) -> PersonTest:
    """Write a test page into the outbox, and who asked for it into the audit log.

    Args:
        connection: of the caller's transaction.
        person: who is to be reached.
        channel: one that this person has.
        keys: whether a call's keys can reach us.
        by: who asked for it.
        now: aware UTC.
    """
    code = await _free_code(connection)
    page_id = event_id_of(code, "test", f"{person.code}/{now.isoformat()}")
    text = test_script(code, keys=keys) if channel is ChannelName.VOICE else test_text(code)
    intent = PageIntent(
        page_id=page_id,
        incident_id=None,
        recipient=person.code,
        channel=channel,
        step=0,
        body=with_mark(text, page_id, "T"),
        nonce=new_nonce(),
        due_at=now,
        kind=MessageKind.TEST,
        reference=code,
    )
    await outbox.add(connection, intent, now=now)
    detail = {"page_id": page_id, "recipient": person.code, "channel": str(channel)}
    await audit.append(connection, at=now, actor=by, action="test.asked", case_id=None, detail=detail)
    return await read(connection, page_id)


async def read(connection: AsyncConnection, page_id: str) -> PersonTest:
    """Read what became of a test page."""
    columns = (page_outbox.c[name] for name in PersonTest.__dataclass_fields__)
    row = (await connection.execute(select(*columns).where(page_outbox.c.page_id == page_id))).mappings().one()
    return PersonTest(**row)


async def withdraw(engine: AsyncEngine, journal: Journal, page_id: str, *, now: datetime) -> bool:
    """Take back a test page that no pager has sent; False where one has taken it meanwhile.

    Raises:
        PeerUnavailable: PostgreSQL does not answer.
    """
    async with transaction(engine) as connection:
        row = await pages.lock(connection, page_id)
        if row is None or row.state != PageState.PENDING:
            return False
        return await journal.apply(connection, row, not_needed(row, now)) is not None


class StaleProofs:
    """Takes back tests and heartbeats that could not be sent in time: hours later they would prove nothing."""

    def __init__(self, engine: AsyncEngine, journal: Journal, clock: SteadyClock) -> None:
        self._engine = engine
        self._journal = journal
        self._clock = clock

    async def round(self) -> int:
        """Take back what is stale; return how many.

        Raises:
            PeerUnavailable: PostgreSQL does not answer.
        """
        page = page_outbox.c
        async with transaction(self._engine) as connection:
            now = await self._clock.now(connection)
            statement = select(page.page_id).where(
                page.state == PageState.PENDING,
                or_(page.kind == MessageKind.TEST, page.kind == MessageKind.HEARTBEAT),
                page.created_at < now - _STALE,
            )
            stale = list((await connection.execute(statement.limit(_A_ROUND))).scalars())
        return sum([await withdraw(self._engine, self._journal, page_id, now=now) for page_id in stale])


async def _free_code(connection: AsyncConnection) -> str:
    """A code that no case and no other test has.

    Raises:
        PermanentError: so many are taken that none was found.
    """
    for _ in range(_TRIES):
        code = "".join(secrets.choice(_ALPHABET) for _ in range(_CODE_LENGTH))
        of_case = select(cases.c.reference).where(cases.c.reference == code)
        of_page = select(page_outbox.c.reference).where(page_outbox.c.reference == code)
        if (await connection.execute(of_case.union(of_page))).first() is None:
            return code
    raise PermanentError("no code is free for a test page", reason="no_free_code")
