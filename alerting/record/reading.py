"""Reads the accounts of incidents from the store in one read-only transaction. Called by ``codestroke incidents``."""

from __future__ import annotations

from collections import defaultdict
from datetime import datetime

from sqlalchemy import select, text
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from alerting.record.rows import Account
from store import incidents
from store.engine import transaction
from store.incidents import Incident
from store.outbox import PageTimes, pages_of
from store.tables import cases
from store.tables import incidents as incident_table


async def read_accounts(
    engine: AsyncEngine, *, reference: str | None = None, since: datetime | None = None
) -> tuple[Account, ...]:
    """Read incidents with their pages and answers, the oldest incident first.

    Args:
        engine: of the store.
        reference: short code of one case; None for all.
        since: only incidents opened from then on (aware).

    Raises:
        PeerUnavailable: PostgreSQL cannot be reached.
    """
    async with transaction(engine) as connection:
        await connection.execute(text("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY"))
        found = await _incidents(connection, reference, since)
        pages = await _pages(connection, [incident.incident_id for incident, _ in found])
        return tuple(
            [
                Account(
                    incident=incident,
                    patient=patient,
                    pages=pages[incident.incident_id],
                    answers=await incidents.answers_of(connection, incident.incident_id),
                )
                for incident, patient in found
            ]
        )


async def _incidents(
    connection: AsyncConnection, reference: str | None, since: datetime | None
) -> list[tuple[Incident, str]]:
    incident = incident_table.c
    statement = (
        select(incident.incident_id, cases.c.patient_key)
        .join(cases, cases.c.case_id == incident.case_id)
        .order_by(incident.opened_at, incident.incident_id)
    )
    if reference is not None:
        statement = statement.where(cases.c.reference == reference)
    if since is not None:
        statement = statement.where(incident.opened_at >= since)
    rows = (await connection.execute(statement)).all()
    found = [(await incidents.find(connection, row.incident_id), str(row.patient_key)) for row in rows]
    return [(each, patient) for each, patient in found if each is not None]


async def _pages(connection: AsyncConnection, incident_ids: list[str]) -> dict[str, list[PageTimes]]:
    grouped: dict[str, list[PageTimes]] = defaultdict(list)
    for page in await pages_of(connection, incident_ids):
        grouped[page.incident_id or ""].append(page)
    return grouped
