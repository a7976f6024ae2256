"""An incident between the store and the core: reading how it stands, writing down what was decided.

Who calls it: the escalation and the answers, with the incident locked, inside their transaction. It decides nothing.
"""

from __future__ import annotations

import secrets
import uuid
from collections.abc import Callable, Sequence
from datetime import datetime

import structlog
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection

from alerting.core import throttle
from alerting.core.contacts import Contact
from alerting.core.escalation import Decision, Standing, Wanted
from alerting.core.incidents import IncidentEffect, IncidentState
from alerting.core.planning import IncidentFacts, MessageKind, plan_pages
from alerting.core.replies import ReplyKind
from alerting.core.wording import CaseFacts
from alerting.pager.rules import Rules
from store import audit, incidents, outbox, pages
from store.incidents import Incident
from store.listen import Channel, notify
from store.outbox import PageIntent
from store.pages import PageChange
from store.tables import page_outbox

_log = structlog.get_logger(__name__)


def new_nonce() -> str:
    """A secret of one page, from which the nonces of its attempts are made."""
    return secrets.token_urlsafe(18)


async def standing_of(connection: AsyncConnection, incident: Incident, rules: Rules) -> Standing:
    """Read how a locked incident stands."""
    took: set[str] = set()
    declined: set[str] = set()
    for answer in await incidents.answers_of(connection, incident.incident_id):
        if answer.kind == ReplyKind.ACKNOWLEDGE:
            took.add(answer.person)
            declined.discard(answer.person)
        elif answer.kind == ReplyKind.DECLINE:
            declined.add(answer.person)
            took.discard(answer.person)
    return Standing(
        state=IncidentState(incident.state),
        due_at=incident.next_step_at,
        step=incident.step,
        stepped_at=incident.stepped_at,
        asked=await _asked(connection, incident.incident_id),
        took=frozenset(took),
        declined=frozenset(declined),
        holders=tuple(rules.known(sorted(took))),
    )


async def write(
    connection: AsyncConnection, incident: Incident, decision: Decision, *, actor: str, now: datetime, why: str = ""
) -> None:
    """Write down what became of a locked incident, its history and the audit; pages are written by ``add_pages``."""
    after = decision.standing
    values: dict[str, object] = {
        "state": str(after.state),
        "step": after.step,
        "next_step_at": after.due_at,
        "stepped_at": after.stepped_at,
    }
    if after.state is IncidentState.OPEN:
        values |= {"ended_at": None, "acknowledged_at": None, "acknowledged_by": "", "acknowledged_how": ""}
    elif incident.state == IncidentState.OPEN:
        values["ended_at"] = now
    if decision.effect is IncidentEffect.ALARM:
        values["alarmed_at"] = now
    if after.state in {IncidentState.MUTED, IncidentState.SILENCED}:
        values["muted_by"] = why
    await incidents.change(connection, incident.incident_id, **values)
    detail = {"step": decision.step, "state": str(after.state), "effect": str(decision.effect), "why": why}
    key = f"incident/{incident.incident_id}/{decision.event}/{uuid.uuid4()}"
    change = PageChange(kind=f"incident.{decision.event}", dedupe_key=key, detail=detail)
    await pages.note(connection, change, page_id=None, incident_id=incident.incident_id, now=now)
    await audit.append(
        connection,
        at=now,
        actor=actor,
        action=f"incident.{decision.event}",
        case_id=incident.case_id,
        detail={"incident": incident.incident_id, **detail},
    )
    await notify(connection, Channel.WORKLIST, incident.case_id)
    if decision.effect is IncidentEffect.HURRY:
        await notify(connection, Channel.PAGES, incident.incident_id)
    _log.info(
        "incident_changed",
        incident_id=incident.incident_id,
        case_id=incident.case_id,
        incident_event=str(decision.event),
        state=str(after.state),
        effect=str(decision.effect),
        step=decision.step,
    )


async def add_pages(
    connection: AsyncConnection,
    incident: Incident,
    wanted: Sequence[Wanted],
    *,
    step: int,
    keys: bool,
    now: datetime,
    instead: bool = False,
    nonces: Callable[[], str] = new_nonce,
) -> int:
    """Plan and write the pages of a step; return how many were new.

    Those that go out ``instead`` of a page that failed are due at once: they are no further repeat.
    """
    due = {
        each.contact.code: now if instead else await _due_at(connection, incident, each.contact, now) for each in wanted
    }
    facts = IncidentFacts(
        incident_id=incident.incident_id, finding=incident.finding, case=case_facts(incident), keys=keys
    )
    planned = plan_pages(facts, wanted, step=step, due_at=lambda person: due[person.code], now=now, new_nonce=nonces)
    added = [
        await outbox.add(
            connection,
            PageIntent(
                page_id=page.page_id,
                incident_id=page.incident_id,
                recipient=page.recipient,
                channel=page.channel,
                step=page.step,
                body=page.body,
                nonce=page.nonce,
                due_at=page.due_at,
                reference=incident.reference,
            ),
            now=now,
        )
        for page in planned
    ]
    return sum(added)


def case_facts(incident: Incident) -> CaseFacts:
    """What a page may say of an incident's case."""
    return CaseFacts(
        reference=incident.reference,
        arrived_at=incident.arrived_at or incident.opened_at,
        acquired_at=incident.acquired_at,
        site=incident.site,
    )


async def _asked(connection: AsyncConnection, incident_id: str) -> frozenset[str]:
    page = page_outbox.c
    statement = select(page.recipient).where(page.incident_id == incident_id, page.kind == MessageKind.PAGE)
    return frozenset((await connection.execute(statement)).scalars())


async def _due_at(connection: AsyncConnection, incident: Incident, person: Contact, now: datetime) -> datetime:
    page = page_outbox.c
    mine = (page.recipient == person.code, page.kind == MessageKind.PAGE)
    earlier = select(page.page_id).where(*mine, page.incident_id == incident.incident_id).limit(1)
    if (await connection.execute(earlier)).first() is None:
        return now
    since = now - throttle.WINDOW
    recent = select(page.due_at).where(*mine, page.step > 0, page.due_at > since)
    return throttle.due_at(list((await connection.execute(recent)).scalars()), first=False, now=now)
