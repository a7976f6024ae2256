"""What people answer by text: who may answer what, what is recorded of the rest, and what is answered back.

Who calls it: ``alerting.pager.inbound``. Each answer counts once. A refusal is recorded with its reason, never with the
text or the number.
"""

from __future__ import annotations

import enum
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

import structlog
from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from alerting.core.contacts import ChannelName, Contact
from alerting.core.escalation import unreachable
from alerting.core.incidents import IncidentState
from alerting.core.notices import Reaction
from alerting.core.planning import MessageKind
from alerting.core.replies import Reply, ReplyKind, parse_reply
from alerting.pager import alarms, standings
from alerting.pager.alarms import Alarm
from alerting.pager.reactions import Said, react
from alerting.pager.taking import Deed, Taken, Taking
from store import desk, incidents, pages, phones
from store.desk import NoticeKind, notice_id_of
from store.engine import transaction
from store.incidents import Incident
from store.pages import PageChange
from store.tables import incidents as incident_table
from store.tables import page_outbox

_log = structlog.get_logger(__name__)


class ReplyResult(enum.StrEnum):
    """What became of an answer."""

    ACKNOWLEDGED = "acknowledged"
    PARTLY_ACKNOWLEDGED = "partly_acknowledged"
    ALREADY_ACKNOWLEDGED = "already_acknowledged"
    ESCALATED = "escalated"
    DECLINED = "declined"
    GIVEN_BACK = "given_back"
    OVER = "over"
    TEST_ANSWERED = "test_answered"
    REPEATED = "repeated"
    UNKNOWN_SENDER = "unknown_sender"
    UNKNOWN_CODE = "unknown_code"
    NOT_PAGED = "not_paged"
    """The code is right, but this person was not paged for it."""
    CODE_MISSING = "code_missing"
    NOT_UNDERSTOOD = "not_understood"
    OPTED_OUT = "opted_out"
    OPTED_IN = "opted_in"


_PLAIN_RESULTS = {
    ReplyKind.OPT_OUT: ReplyResult.OPTED_OUT,
    ReplyKind.OPT_IN: ReplyResult.OPTED_IN,
    ReplyKind.CODE_MISSING: ReplyResult.CODE_MISSING,
    ReplyKind.NOT_UNDERSTOOD: ReplyResult.NOT_UNDERSTOOD,
}
_REACTIONS = {
    ReplyResult.ACKNOWLEDGED: Reaction.YOURS,
    ReplyResult.PARTLY_ACKNOWLEDGED: Reaction.YOURS_PARTLY,
    ReplyResult.ALREADY_ACKNOWLEDGED: Reaction.SOMEBODY_HAS_IT,
    ReplyResult.ESCALATED: Reaction.PASSED_ON,
    ReplyResult.DECLINED: Reaction.DECLINED,
    ReplyResult.GIVEN_BACK: Reaction.GIVEN_BACK,
    ReplyResult.OVER: Reaction.OVER,
    ReplyResult.TEST_ANSWERED: Reaction.TEST_ANSWERED,
    ReplyResult.UNKNOWN_SENDER: Reaction.UNKNOWN_NUMBER,
    ReplyResult.UNKNOWN_CODE: Reaction.UNKNOWN_CODE,
    ReplyResult.NOT_PAGED: Reaction.NOT_YOURS,
    ReplyResult.CODE_MISSING: Reaction.CODE_MISSING,
    ReplyResult.NOT_UNDERSTOOD: Reaction.NOT_UNDERSTOOD,
    ReplyResult.OPTED_IN: Reaction.WELCOME_BACK,
}
"""Result to what is answered; an opted-out phone cannot be answered, a repetition was."""
_CHANGING = frozenset(
    {
        ReplyResult.ACKNOWLEDGED,
        ReplyResult.PARTLY_ACKNOWLEDGED,
        ReplyResult.ESCALATED,
        ReplyResult.DECLINED,
        ReplyResult.GIVEN_BACK,
    }
)


class _Repeated(Exception):
    """The same reply was recorded at the same moment by somebody else: take back what this one changed."""


@dataclass(frozen=True, slots=True)
class _Judged:
    result: ReplyResult
    deeds: tuple[Deed, ...] = ()

    @property
    def holder(self) -> str:
        return next((deed.holder for deed in self.deeds if deed.holder), "")


class Answers:
    """Applies answers by text message."""

    def __init__(self, engine: AsyncEngine, taking: Taking) -> None:
        self._engine = engine
        self._taking = taking
        self._rules = taking.rules

    async def record(self, from_number: str, body: str, *, message_sid: str, now: datetime) -> ReplyResult:
        """Apply an answer by text message.

        It counts only if its sender was paged for the case whose code it names. A refusal is recorded with its
        reason, never with the text or the number.

        Raises:
            PeerUnavailable: PostgreSQL does not answer.
        """
        reply, contacts = parse_reply(body), self._rules.people.with_number(from_number)
        try:
            async with transaction(self._engine) as connection:
                if await pages.seen(connection, [reply_key(message_sid)]):
                    return ReplyResult.REPEATED
                judged = await self._judge(connection, reply, contacts, now)
                if not await _note_reply(connection, judged.result, reply, contacts, message_sid=message_sid, now=now):
                    raise _Repeated
                await self._react(connection, judged, reply, contacts, from_number, message_sid=message_sid, now=now)
        except _Repeated:
            return ReplyResult.REPEATED
        self._tell(judged, message_sid, now)
        log = _log.error if judged.result is ReplyResult.OPTED_OUT else _log.info
        log("reply_received", result=str(judged.result), who=[contact.code for contact in contacts])
        return judged.result

    async def _judge(
        self, connection: AsyncConnection, reply: Reply, contacts: Sequence[Contact], now: datetime
    ) -> _Judged:
        if not contacts:
            return _Judged(ReplyResult.UNKNOWN_SENDER)
        if reply.kind in _PLAIN_RESULTS:
            if reply.kind in {ReplyKind.OPT_OUT, ReplyKind.OPT_IN}:
                await self._opted(connection, contacts, out=reply.kind is ReplyKind.OPT_OUT, now=now)
            return _Judged(_PLAIN_RESULTS[reply.kind])
        found = await incidents.find_by_reference(connection, reply.reference)
        if not found:
            tested = await _answer_test(connection, reply, contacts, now)
            return _Judged(ReplyResult.TEST_ANSWERED if tested else ReplyResult.UNKNOWN_CODE)
        deeds = [await self._apply(connection, each, reply.kind, contacts, now) for each in _in_lock_order(found)]
        done = tuple(deed for deed in deeds if deed is not None)
        for person in {deed.person.code: deed.person for deed in done}.values():
            await self._taking.learn(connection, person, ChannelName.SMS, now=now)
        return _Judged(_graver(done), done) if done else _Judged(ReplyResult.NOT_PAGED)

    async def _apply(
        self,
        connection: AsyncConnection,
        incident: Incident,
        kind: ReplyKind,
        contacts: Sequence[Contact],
        now: datetime,
    ) -> Deed | None:
        row = await pages.paged_as(connection, incident.incident_id, [contact.code for contact in contacts])
        person = next((contact for contact in contacts if row is not None and contact.code == row.recipient), None)
        if person is None:
            return None
        return await self._taking.apply(connection, incident.incident_id, person, kind=kind, how="sms", now=now)

    async def _opted(
        self, connection: AsyncConnection, contacts: Sequence[Contact], *, out: bool, now: datetime
    ) -> None:
        """A phone that refuses our texts: who waits for its answer waits no longer, and the desk is told."""
        waiting = await _waiting_for(connection, [contact.code for contact in contacts]) if out else []
        for incident_id in waiting:
            await self._hurry(connection, incident_id, now)
        for contact in contacts:
            await phones.learn(connection, contact.code, ChannelName.SMS, opted_out_at=now if out else None)
            if not out:
                await desk.clear(connection, notice_id_of(NoticeKind.OPTED_OUT, contact.code), by=contact.code, now=now)
                continue
            alarm = Alarm(kind=NoticeKind.OPTED_OUT, about=contact.code, who=contact.code)
            await alarms.tell_desk(connection, self._rules, alarm, now=now)

    async def _hurry(self, connection: AsyncConnection, incident_id: str, now: datetime) -> None:
        incident = await incidents.lock(connection, incident_id)
        if incident is not None and incident.state == IncidentState.OPEN:
            decision = unreachable(await standings.standing_of(connection, incident, self._rules), now)
            await standings.write(connection, incident, decision, actor="pager", now=now, why="opted out")

    async def _react(
        self,
        connection: AsyncConnection,
        judged: _Judged,
        reply: Reply,
        contacts: Sequence[Contact],
        from_number: str,
        *,
        message_sid: str,
        now: datetime,
    ) -> None:
        reaction = _REACTIONS.get(judged.result)
        if reaction is not None:
            said = Said(
                reaction=reaction,
                message_sid=message_sid,
                code=reply.reference,
                who=judged.holder,
                changed=judged.result in _CHANGING,
            )
            limit = self._rules.settings.replies_per_hour
            await react(connection, said, to=contacts[0] if contacts else from_number, limit=limit, now=now)

    def _tell(self, judged: _Judged, message_sid: str, now: datetime) -> None:
        journal = self._taking.journal
        for deed in judged.deeds:
            for row, state, happening in deed.told:
                journal.tell(row, state, at=now, detail=happening.event, key=happening.key)
            journal.tell_incident(deed.incident, str(deed.result), at=now, key=reply_key(message_sid))
        self._taking.metrics.replies.labels(judged.result).inc()


def reply_key(message_sid: str) -> str:
    """Dedupe key of an answer."""
    return f"reply/{message_sid}"


def _in_lock_order(found: Sequence[Incident]) -> list[Incident]:
    """Locks are taken in one order everywhere: incidents by id, then pages, then the audit log."""
    return sorted(found, key=lambda incident: incident.incident_id)


def _graver(deeds: Sequence[Deed]) -> ReplyResult:
    """One answer to a case of several incidents: what it changed outweighs what it did not."""
    order = list(Taken)
    return ReplyResult(min((deed.result for deed in deeds), key=order.index))


async def _note_reply(
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


async def _answer_test(connection: AsyncConnection, reply: Reply, contacts: Sequence[Contact], now: datetime) -> bool:
    page = page_outbox.c
    statement = (
        update(page_outbox)
        .where(
            page.kind == MessageKind.TEST,
            page.reference == reply.reference,
            page.recipient.in_([contact.code for contact in contacts]),
        )
        .values(answered_at=now, answer=str(reply.kind))
    )
    return (await connection.execute(statement)).rowcount > 0


async def _waiting_for(connection: AsyncConnection, codes: Sequence[str]) -> list[str]:
    """Open incidents for which one of these people was paged, in the order of locks."""
    page = page_outbox.c
    statement = (
        select(page.incident_id)
        .distinct()
        .join(incident_table, incident_table.c.incident_id == page.incident_id)
        .where(page.recipient.in_(codes), page.kind == MessageKind.PAGE, incident_table.c.state == IncidentState.OPEN)
        .order_by(page.incident_id)
    )
    return list((await connection.execute(statement)).scalars())
