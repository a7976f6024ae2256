"""Keys pressed in a call: only the key of an open attempt's own call answers, and each counts once.

Who calls it: ``alerting.pager.inbound``, for the board's webhook (after the signature check). A call that was picked
up answers nothing: it may be a voicemail.
"""

from __future__ import annotations

import hmac
from datetime import datetime

import structlog
from sqlalchemy import update
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from alerting.core.keys import KeyOutcome, key_kind, wants_repeat
from alerting.core.planning import MessageKind, attempt_nonce
from alerting.core.replies import ReplyKind
from alerting.pager.keys import KeyPress, KeyResult
from alerting.pager.taking import Deed, Taken, Taking
from store import incidents, pages
from store.engine import transaction
from store.pages import PageChange, PageRow
from store.tables import page_outbox

_log = structlog.get_logger(__name__)
_VOICE = "voice"
_OUTCOMES = {
    Taken.ACKNOWLEDGED: KeyOutcome.TAKEN,
    Taken.PARTLY_ACKNOWLEDGED: KeyOutcome.TAKEN,
    Taken.ALREADY_ACKNOWLEDGED: KeyOutcome.ALREADY_TAKEN,
    Taken.ESCALATED: KeyOutcome.PASSED_ON,
    Taken.DECLINED: KeyOutcome.DECLINED,
    Taken.GIVEN_BACK: KeyOutcome.DECLINED,
    Taken.OVER: KeyOutcome.CLOSED,
}


class KeyPresses:
    """Applies keys to incidents."""

    def __init__(self, engine: AsyncEngine, taking: Taking) -> None:
        self._engine = engine
        self._taking = taking

    async def record(self, press: KeyPress, *, now: datetime) -> KeyResult | None:
        """Apply a key; None where its page is unknown or its nonce is wrong (answer 403).

        Raises:
            PeerUnavailable: PostgreSQL does not answer.
        """
        deed: Deed | None = None
        async with transaction(self._engine) as connection:
            row = next(iter(await pages.read(connection, [press.page_id])), None)
            if row is None or not _is_of(row, press):
                _log.warning("key_refused", page_id=press.page_id, known=row is not None)
                return None
            outcome, deed = await self._judge(connection, row, press, now)
        if deed is not None:
            self._tell(deed, press, now)
        _log.info("key_pressed", page_id=row.page_id, who=row.recipient, outcome=str(outcome))
        return KeyResult(outcome=outcome, script=row.body)

    async def _judge(
        self, connection: AsyncConnection, row: PageRow, press: KeyPress, now: datetime
    ) -> tuple[KeyOutcome, Deed | None]:
        kind = key_kind(press.digit)
        if wants_repeat(press.digit):
            return KeyOutcome.REPEAT, None
        if kind is ReplyKind.NOT_UNDERSTOOD:
            return KeyOutcome.NOT_UNDERSTOOD, None
        if row.kind == MessageKind.TEST:
            return await _answer_test(connection, row, kind, now), None
        person = self._taking.rules.people.contact(row.recipient)
        if row.incident_id is None or person is None:
            return KeyOutcome.CLOSED, None
        # Incident, page, history: the order of locks. A sender that adopts this page waits, and holds nothing we need.
        await incidents.lock(connection, row.incident_id)
        await pages.lock(connection, row.page_id)
        key = f"key/{press.sid}/{press.round}/{kind}"
        change = PageChange(kind="key", dedupe_key=key, detail={"kind": str(kind), "who": [row.recipient]})
        if not await pages.note(connection, change, page_id=row.page_id, incident_id=row.incident_id, now=now):
            return await self._told_again(connection, row), None
        deed = await self._taking.apply(connection, row.incident_id, person, kind=kind, how=_VOICE, now=now)
        await self._taking.learn(connection, person, _VOICE, now=now)
        return (_OUTCOMES[deed.result], deed) if deed else (KeyOutcome.CLOSED, None)

    async def _told_again(self, connection: AsyncConnection, row: PageRow) -> KeyOutcome:
        """A replayed key changes nothing; the caller hears how the case stands."""
        del connection
        return KeyOutcome.CLOSED if row.incident_state != "acknowledged" else KeyOutcome.ALREADY_TAKEN

    def _tell(self, deed: Deed, press: KeyPress, now: datetime) -> None:
        journal = self._taking.journal
        for row, state, happening in deed.told:
            journal.tell(row, state, at=now, detail=happening.event, key=happening.key)
        journal.tell_incident(deed.incident, str(deed.result), at=now, key=f"key/{press.sid}/{press.round}")


def _is_of(row: PageRow, press: KeyPress) -> bool:
    expected = attempt_nonce(row.nonce, press.attempt_id)
    return hmac.compare_digest(expected.encode(), press.nonce.encode())


async def _answer_test(connection: AsyncConnection, row: PageRow, kind: ReplyKind, now: datetime) -> KeyOutcome:
    statement = update(page_outbox).where(page_outbox.c.page_id == row.page_id)
    await connection.execute(statement.values(answered_at=now, answer=str(kind)))
    return KeyOutcome.TAKEN
