"""Incidents: one alert-worthy finding of one case, at most one per case and pathway."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

import msgspec
from sqlalchemy import select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.engine import Row
from sqlalchemy.ext.asyncio import AsyncConnection

from schemas.findings import Finding, Urgency
from schemas.ids import CaseId, event_id_of
from store.tables import cases, incidents


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
        )
        .on_conflict_do_nothing()
        .returning(incidents.c.incident_id)
    )
    if (await connection.execute(statement)).first() is None:
        return None
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


async def acknowledge(connection: AsyncConnection, incident_id: str, *, by: str, how: str, at: datetime) -> bool:
    """Record the first acknowledgement; False where somebody was earlier."""
    statement = (
        update(incidents)
        .where(incidents.c.incident_id == incident_id, incidents.c.acknowledged_at.is_(None))
        .values(acknowledged_at=at, acknowledged_by=by, acknowledged_how=how, state="acknowledged")
    )
    return (await connection.execute(statement)).rowcount == 1


def _select() -> Any:
    return select(incidents, cases.c.reference).join(cases, cases.c.case_id == incidents.c.case_id)


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
    )
