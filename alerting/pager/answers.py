"""What people answer: who may acknowledge what, and what is recorded of the rest.

Who calls it: ``alerting.pager.inbound``. Each answer counts once. A refusal is recorded with its reason, never with the
text or the number.
"""

from __future__ import annotations

import enum
from collections.abc import Sequence
from datetime import datetime

import structlog
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from alerting.core.contacts import Contact, Directory
from alerting.core.pages import PageState
from alerting.core.replies import Reply, ReplyKind, parse_reply
from alerting.pager.columns import Happening
from alerting.pager.journal import Journal
from alerting.pager.metrics import PagerMetrics
from alerting.pager.sender import not_needed
from store import incidents, pages
from store.engine import transaction
from store.incidents import Incident
from store.pages import PageChange, PageRow

_log = structlog.get_logger(__name__)


class ReplyResult(enum.StrEnum):
    """What became of an answer; all but the first two change nothing."""

    ACKNOWLEDGED = "acknowledged"
    ALREADY_ACKNOWLEDGED = "already_acknowledged"
    """Somebody was earlier; recorded all the same."""
    REPEATED = "repeated"
    UNKNOWN_SENDER = "unknown_sender"
    UNKNOWN_CODE = "unknown_code"
    NOT_PAGED = "not_paged"
    """The code is right, but this person was not paged for it."""
    CODE_MISSING = "code_missing"
    NOT_UNDERSTOOD = "not_understood"
    NOT_SUPPORTED = "not_supported"
    """Escalate and decline: understood and recorded, without effect in this version."""
    OPTED_OUT = "opted_out"
    OPTED_IN = "opted_in"


_PLAIN_RESULTS = {
    ReplyKind.OPT_OUT: ReplyResult.OPTED_OUT,
    ReplyKind.OPT_IN: ReplyResult.OPTED_IN,
    ReplyKind.CODE_MISSING: ReplyResult.CODE_MISSING,
    ReplyKind.NOT_UNDERSTOOD: ReplyResult.NOT_UNDERSTOOD,
    ReplyKind.ESCALATE: ReplyResult.NOT_SUPPORTED,
    ReplyKind.DECLINE: ReplyResult.NOT_SUPPORTED,
}


class Answers:
    """Applies answers to incidents."""

    def __init__(self, engine: AsyncEngine, directory: Directory, journal: Journal, metrics: PagerMetrics) -> None:
        self._engine = engine
        self._directory = directory
        self._journal = journal
        self._metrics = metrics

    async def record(self, from_number: str, body: str, *, message_sid: str, now: datetime) -> ReplyResult:
        """Apply an answer by text message.

        It acknowledges only if its sender was paged for the case whose code it names. A refusal is recorded with its
        reason, never with the text or the number.

        Raises:
            PeerUnavailable: PostgreSQL does not answer.
        """
        reply, contacts = parse_reply(body), self._directory.with_number(from_number)
        told: list[tuple[PageRow, str, Happening]] = []
        async with transaction(self._engine) as connection:
            if await pages.seen(connection, [reply_key(message_sid)]):
                return ReplyResult.REPEATED
            result, acted = await self._judge(connection, reply, contacts)
            if not await self._note_reply(connection, result, reply, contacts, message_sid=message_sid, now=now):
                return ReplyResult.REPEATED
            if acted:
                result, told = await self._acknowledge(connection, acted, message_sid=message_sid, now=now)
        for row, state, happening in told:
            self._journal.tell(row, state, at=now, detail=happening.event, key=happening.key)
        for _, row in acted:
            self._journal.tell(
                row, row.state, at=now, detail=str(result), key=f"{reply_key(message_sid)}/{row.page_id}"
            )
        self._metrics.replies.labels(result).inc()
        log = _log.error if result is ReplyResult.OPTED_OUT else _log.info
        log("reply_received", result=str(result), who=[contact.code for contact in contacts])
        return result

    async def _judge(
        self, connection: AsyncConnection, reply: Reply, contacts: Sequence[Contact]
    ) -> tuple[ReplyResult, list[tuple[Incident, PageRow]]]:
        if not contacts:
            return ReplyResult.UNKNOWN_SENDER, []
        if reply.kind in _PLAIN_RESULTS:
            return _PLAIN_RESULTS[reply.kind], []
        found = await incidents.find_by_reference(connection, reply.reference)
        if not found:
            return ReplyResult.UNKNOWN_CODE, []
        codes = [contact.code for contact in contacts]
        paged = [(incident, await pages.paged_as(connection, incident.incident_id, codes)) for incident in found]
        mine = [(incident, row) for incident, row in paged if row is not None]
        return (ReplyResult.ACKNOWLEDGED, mine) if mine else (ReplyResult.NOT_PAGED, [])

    async def _note_reply(
        self,
        connection: AsyncConnection,
        result: ReplyResult,
        reply: Reply,
        contacts: Sequence[Contact],
        *,
        message_sid: str,
        now: datetime,
    ) -> bool:
        detail = {"result": str(result), "kind": str(reply.kind), "who": [contact.code for contact in contacts]}
        change = PageChange(kind="reply", dedupe_key=reply_key(message_sid), detail=detail)
        return await pages.note(connection, change, page_id=None, incident_id=None, now=now)

    async def _acknowledge(
        self, connection: AsyncConnection, acted: list[tuple[Incident, PageRow]], *, message_sid: str, now: datetime
    ) -> tuple[ReplyResult, list[tuple[PageRow, str, Happening]]]:
        # Locks are taken in one order everywhere: incidents, then pages, then the audit log.
        first = {
            incident.incident_id: await incidents.acknowledge(
                connection, incident.incident_id, by=row.recipient, how="sms", at=now
            )
            for incident, row in sorted(acted, key=lambda pair: pair[0].incident_id)
        }
        locked = await pages.lock_all(connection, list(first))
        for incident, row in acted:
            kind = ReplyResult.ACKNOWLEDGED if first[incident.incident_id] else ReplyResult.ALREADY_ACKNOWLEDGED
            key = f"{reply_key(message_sid)}/{incident.incident_id}"
            change = PageChange(kind=str(kind), dedupe_key=key, detail={"by": row.recipient, "how": "sms"})
            await pages.change(connection, row, change, actor="pager", now=now)
        result = ReplyResult.ACKNOWLEDGED if any(first.values()) else ReplyResult.ALREADY_ACKNOWLEDGED
        waiting = [row for row in locked if row.state == PageState.PENDING]
        return result, await self._close_waiting(connection, waiting, now)

    async def _close_waiting(
        self, connection: AsyncConnection, rows: list[PageRow], now: datetime
    ) -> list[tuple[PageRow, str, Happening]]:
        closed = []
        for row in rows:
            happening = not_needed(row, now)
            if await self._journal.apply(connection, row, happening):
                closed.append((row, str(PageState.CANCELLED), happening))
        return closed


def reply_key(message_sid: str) -> str:
    """Dedupe key of an answer."""
    return f"reply/{message_sid}"
