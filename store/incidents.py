"""Incidents: one alert-worthy finding of one case, at most one per case and pathway; and what people answered.

The row of a new incident is the intent to page: its first step is due at once, and the pager plans the pages.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

import msgspec
from sqlalchemy import or_, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.engine import Row
from sqlalchemy.ext.asyncio import AsyncConnection

from schemas.findings import Finding, Urgency
from schemas.ids import CaseId, event_id_of
from store.listen import Channel, notify
from store.tables import cases, incident_answers, incidents


@dataclass(frozen=True, slots=True, kw_only=True)
class Incident:
    """An incident as the store knows it; ``reference`` is the case's short code."""

    incident_id: str
    case_id: CaseId
    reference: str
    pathway: str
    code: str
    urgency: Urgency
    team: str
    state: str
    finding: Finding
    opened_at: datetime
    acknowledged_at: datetime | None = None
    acknowledged_by: str = ""
    acknowledged_how: str = ""
    ended_at: datetime | None = None
    step: int = 0
    next_step_at: datetime | None = None
    stepped_at: datetime | None = None
    alarmed_at: datetime | None = None
    muted_by: str = ""
    site: str = ""
    arrived_at: datetime | None = None
    acquired_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What one person answered: ``kind`` is a word of ``alerting.core.replies``, ``how`` a channel or ``board``."""

    person: str
    kind: str
    how: str
    at: datetime


def incident_id_of(case_id: str, pathway: str) -> str:
    """The deterministic id of the incident of ``case_id`` on ``pathway``."""
    return event_id_of(case_id, "incident", pathway)


async def open_incident(
    connection: AsyncConnection, *, case_id: CaseId, pathway: str, team: str, finding: Finding, now: datetime
) -> Incident | None:
    """Open the incident of a case and pathway; None where it was opened before."""
    statement = (
        insert(incidents)
        .values(
            incident_id=incident_id_of(case_id, pathway),
            case_id=case_id,
            pathway=pathway,
            code=finding.code,
            urgency=finding.urgency,
            team=team,
            state="open",
            finding=msgspec.to_builtins(finding),
            opened_at=now,
            step=0,
            next_step_at=now,
        )
        .on_conflict_do_nothing()
        .returning(incidents.c.incident_id)
    )
    if (await connection.execute(statement)).first() is None:
        return None
    await notify(connection, Channel.PAGES, incident_id_of(case_id, pathway))
    return await find(connection, incident_id_of(case_id, pathway))


async def find(connection: AsyncConnection, incident_id: str) -> Incident | None:
    """Read one incident."""
    statement = _select().where(incidents.c.incident_id == incident_id)
    row = (await connection.execute(statement)).first()
    return _incident(row) if row else None


async def find_by_reference(connection: AsyncConnection, reference: str) -> list[Incident]:
    """Read the incidents of the case with the short code ``reference``, newest first."""
    statement = _select().where(cases.c.reference == reference).order_by(incidents.c.opened_at.desc())
    return [_incident(row) for row in await connection.execute(statement)]


async def of_case(connection: AsyncConnection, case_id: str) -> list[Incident]:
    """Read all incidents of a case."""
    return [_incident(row) for row in await connection.execute(_select().where(incidents.c.case_id == case_id))]


async def lock(connection: AsyncConnection, incident_id: str) -> Incident | None:
    """Lock one incident; None where it does not exist.

    Locks are taken in one order everywhere: incidents by id, pages by id, phones, desk notices; the audit log's is the
    last of all. ``key_share`` lets others meanwhile write rows that refer to the incident, such as a page's history.
    """
    statement = _select().where(incidents.c.incident_id == incident_id).with_for_update(of=incidents, key_share=True)
    row = (await connection.execute(statement)).first()
    return _incident(row) if row else None


async def lock_due(connection: AsyncConnection, *, now: datetime, beyond: datetime) -> Incident | None:
    """Lock the open incident whose step is due the longest; one that another pager has is passed over.

    Args:
        connection: of the caller's transaction.
        now: aware UTC.
        beyond: an instant later than this cannot have been meant: the clock was set back since; it counts as due.
    """
    # A first step never waits, whatever the clock of the decider says.
    due = or_(incidents.c.step == 0, incidents.c.next_step_at <= now, incidents.c.next_step_at > beyond)
    statement = (
        _select()
        .where(incidents.c.state == "open", due)
        .order_by(incidents.c.next_step_at)
        .limit(1)
        .with_for_update(of=incidents, skip_locked=True, key_share=True)
    )
    row = (await connection.execute(statement)).first()
    return _incident(row) if row else None


async def change(connection: AsyncConnection, incident_id: str, **values: object) -> None:
    """Set columns of a locked incident."""
    await connection.execute(update(incidents).where(incidents.c.incident_id == incident_id).values(**values))


async def add_answer(connection: AsyncConnection, incident_id: str, answer: Answer) -> None:
    """Write down what a person answered."""
    await connection.execute(
        insert(incident_answers).values(
            incident_id=incident_id, person=answer.person, kind=answer.kind, how=answer.how, at=answer.at
        )
    )


async def answers_of(connection: AsyncConnection, incident_id: str) -> list[Answer]:
    """Read the answers to an incident, oldest first."""
    columns = (incident_answers.c[name] for name in Answer.__dataclass_fields__)
    statement = select(*columns).where(incident_answers.c.incident_id == incident_id).order_by(incident_answers.c.seq)
    return [Answer(**row) for row in (await connection.execute(statement)).mappings()]


def _select() -> Any:
    more = (cases.c.reference, cases.c.site, cases.c.arrived_at, cases.c.acquired_at)
    return select(incidents, *more).join(cases, cases.c.case_id == incidents.c.case_id)


def _incident(row: Row[Any]) -> Incident:
    return Incident(
        incident_id=row.incident_id,
        case_id=CaseId(row.case_id),
        reference=row.reference,
        pathway=row.pathway,
        code=row.code,
        urgency=Urgency(row.urgency),
        team=row.team,
        state=row.state,
        finding=msgspec.convert(row.finding, Finding),
        opened_at=row.opened_at,
        acknowledged_at=row.acknowledged_at,
        acknowledged_by=row.acknowledged_by,
        acknowledged_how=row.acknowledged_how,
        ended_at=row.ended_at,
        step=row.step,
        next_step_at=row.next_step_at,
        stepped_at=row.stepped_at,
        alarmed_at=row.alarmed_at,
        muted_by=row.muted_by,
        site=row.site,
        arrived_at=row.arrived_at,
        acquired_at=row.acquired_at,
    )
