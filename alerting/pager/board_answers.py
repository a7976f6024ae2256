"""What people answer on the board: one person, named by code, for one case; the same rules as for a text or a key.

Who calls it: ``alerting.pager.inbound``, for the board's form, after its PIN and its origin were checked. A form that
is sent twice counts once. Nobody may be named who is not of the case's teams and was never paged for it.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

import structlog
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from alerting.core.contacts import Contact
from alerting.core.planning import MessageKind
from alerting.core.replies import ReplyKind
from alerting.pager.answers import ReplyResult
from alerting.pager.taking import Deed, Taken, Taking
from store import incidents, pages
from store.engine import transaction
from store.incidents import Incident
from store.pages import PageChange
from store.tables import page_outbox

_log = structlog.get_logger(__name__)
HOW = "board"
ANSWERS = (ReplyKind.ACKNOWLEDGE, ReplyKind.ESCALATE, ReplyKind.DECLINE)


class BoardAnswers:
    """Applies answers given on the board."""

    def __init__(self, engine: AsyncEngine, taking: Taking) -> None:
        self._engine = engine
        self._taking = taking

    async def people(self, reference: str, *, now: datetime) -> tuple[str, ...]:
        """Codes of those who may be named for a case, its tiers first; empty where it has no incident.

        Raises:
            PeerUnavailable: PostgreSQL does not answer.
        """
        async with transaction(self._engine) as connection:
            found = await incidents.find_by_reference(connection, reference)
            paged = [code for each in found for code in await _paged(connection, each)]
        on_call = [person.code for each in found for person in self._on_call(each, now)]
        return tuple(dict.fromkeys((*on_call, *(code for code in paged if self._person(code)))))

    async def record(
        self, reference: str, person_code: str, kind: ReplyKind, *, token: str, now: datetime
    ) -> ReplyResult:
        """Apply one answer to every incident of the case that the person has to do with.

        Args:
            reference: the case's short code.
            person_code: who answers.
            kind: acknowledge, escalate or decline.
            token: of the form, so that one that is sent twice counts once.
            now: aware UTC.

        Raises:
            PeerUnavailable: PostgreSQL does not answer.
            ValueError: ``kind`` is no answer to an incident.
        """
        if kind not in ANSWERS:
            raise ValueError(f"{kind} is no answer to an incident")
        async with transaction(self._engine) as connection:
            if not await _note(connection, token, person_code, kind, now=now):
                return ReplyResult.REPEATED
            result, deeds = await self._judge(connection, reference, person_code, kind, now)
        self._tell(deeds, token, now)
        self._taking.metrics.replies.labels(result).inc()
        _log.info("board_answered", result=str(result), who=person_code, kind=str(kind))
        return result

    async def _judge(
        self, connection: AsyncConnection, reference: str, person_code: str, kind: ReplyKind, now: datetime
    ) -> tuple[ReplyResult, tuple[Deed, ...]]:
        found = await incidents.find_by_reference(connection, reference)
        if not found:
            return ReplyResult.UNKNOWN_CODE, ()
        person = self._person(person_code)
        deeds = []
        # Locks are taken in one order everywhere: incidents by id, then pages, then the audit log.
        for each in sorted(found, key=lambda incident: incident.incident_id):
            if person is None or not await self._may_answer(connection, each, person, now):
                continue
            deed = await self._taking.apply(connection, each.incident_id, person, kind=kind, how=HOW, now=now)
            deeds += [deed] if deed else []
        return (_gravest(deeds), tuple(deeds)) if deeds else (ReplyResult.NOT_PAGED, ())

    async def _may_answer(
        self, connection: AsyncConnection, incident: Incident, person: Contact, now: datetime
    ) -> bool:
        on_call = {each.code for each in self._on_call(incident, now)}
        return person.code in on_call or person.code in await _paged(connection, incident)

    def _on_call(self, incident: Incident, now: datetime) -> Iterable[Contact]:
        return (person for tier in self._taking.rules.tiers(incident.team, now) for person in tier)

    def _person(self, code: str) -> Contact | None:
        return next(iter(self._taking.rules.known([code])), None)

    def _tell(self, deeds: Iterable[Deed], token: str, now: datetime) -> None:
        journal = self._taking.journal
        for deed in deeds:
            for row, state, happening in deed.told:
                journal.tell(row, state, at=now, detail=happening.event, key=happening.key)
            journal.tell_incident(deed.incident, str(deed.result), at=now, key=f"board/{token}")


def _gravest(deeds: Iterable[Deed]) -> ReplyResult:
    """One answer to a case of several incidents: what it changed outweighs what it did not."""
    order = list(Taken)
    return ReplyResult(min((deed.result for deed in deeds), key=order.index))


async def _note(connection: AsyncConnection, token: str, person_code: str, kind: ReplyKind, *, now: datetime) -> bool:
    detail = {"kind": str(kind), "who": [person_code]}
    change = PageChange(kind="board", dedupe_key=f"board/{token}", detail=detail)
    return await pages.note(connection, change, page_id=None, incident_id=None, now=now)


async def _paged(connection: AsyncConnection, incident: Incident) -> list[str]:
    page = page_outbox.c
    statement = (
        select(page.recipient)
        .where(page.incident_id == incident.incident_id, page.kind == MessageKind.PAGE)
        .order_by(page.step, page.created_at)
    )
    return list((await connection.execute(statement)).scalars())
