"""The numbers in the header, counted by PostgreSQL. Called by ``board.queries`` in its transaction."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, func, select
from sqlalchemy.ext.asyncio import AsyncConnection

from board.rows import TodayCounts
from schemas.findings import FindingState, OutcomeKind
from store.tables import case_pathways, cases, incidents, outcomes, page_outbox

Counting = Select[*tuple[Any, ...]]


async def today_counts(
    connection: AsyncConnection, site: str | None, *, midnight: datetime, now: datetime
) -> TodayCounts:
    """Count what ended since ``midnight``, what is overdue at ``now`` and which pages failed; of one site or of all."""
    ended = (await connection.execute(_at(site, _ended(midnight)))).one()
    overdue = (await connection.execute(_at(site, _overdue(now)))).scalar_one()
    failed = (await connection.execute(_at(site, _failed_pages(midnight)))).scalar_one()
    return TodayCounts(since=midnight, **ended._mapping, overdue=overdue, pages_failed=failed)  # noqa: SLF001 - public in SQLAlchemy


def _at(site: str | None, statement: Counting) -> Counting:
    return statement if site is None else statement.where(cases.c.site == site)


def _ended(midnight: datetime) -> Counting:
    def counted(condition: ColumnElement[bool], name: str) -> ColumnElement[int]:
        return func.count().filter(condition).label(name)

    state = outcomes.c.finding["state"].astext
    scored = outcomes.c.kind == OutcomeKind.SCORED
    known = state.in_([FindingState.DETECTED, FindingState.NOT_DETECTED])
    counts = [
        counted(and_(scored, state == FindingState.DETECTED), "flagged"),
        counted(and_(scored, state == FindingState.NOT_DETECTED), "not_flagged"),
        counted(and_(scored, known.is_not(True)), "indeterminate"),
        counted(outcomes.c.kind.not_in([OutcomeKind.SCORED, OutcomeKind.NOT_APPLICABLE]), "not_analysed"),
        counted(outcomes.c.late, "late"),
    ]
    return (
        select(*counts)
        .select_from(outcomes.join(cases, cases.c.case_id == outcomes.c.case_id))
        .where(outcomes.c.decided_at >= midnight)
    )


def _overdue(now: datetime) -> Counting:
    given = and_(
        outcomes.c.case_id == case_pathways.c.case_id,
        outcomes.c.pathway == case_pathways.c.pathway,
        outcomes.c.revision >= case_pathways.c.revision,
    )
    joined = case_pathways.join(cases, cases.c.case_id == case_pathways.c.case_id).outerjoin(outcomes, given)
    return (
        select(func.count())
        .select_from(joined)
        .where(case_pathways.c.eligible, case_pathways.c.deadline < now, outcomes.c.case_id.is_(None))
    )


def _failed_pages(midnight: datetime) -> Counting:
    joined = page_outbox.join(incidents, incidents.c.incident_id == page_outbox.c.incident_id).join(
        cases, cases.c.case_id == incidents.c.case_id
    )
    return (
        select(func.count())
        .select_from(joined)
        .where(page_outbox.c.state == "failed", page_outbox.c.created_at >= midnight)
    )
