"""What happened to every case and page, read from the store and from the carrier's own ledger.

Called by the demo, the benchmarks and the integration tests. It reads; the judgement is in ``invariants``.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import msgspec
from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from schemas.findings import Outcome
from schemas.ledger import Ledger, Span, Stage, attributed_share
from schemas.priorities import Priority, parse_priority
from store import audit
from store.engine import transaction
from store.outcomes import of_case
from store.tables import case_pathways, cases, incidents, outcomes, page_outbox
from store.worklist import open_items
from streams.core.ranking import InTier, Placement, RankInput, rank


@dataclass(frozen=True, slots=True, kw_only=True)
class PathwayAccount:
    """One eligible (or declined) pathway of a case."""

    pathway: str
    eligible: bool
    deadline: datetime
    outcome: Outcome | None
    decided_at: datetime | None
    late: bool
    ledger: Ledger


@dataclass(frozen=True, slots=True, kw_only=True)
class PageAccount:
    """One page as the store tells it."""

    page_id: str
    incident_id: str
    pathway: str
    recipient: str
    channel: str
    step: int
    body: str
    state: str
    created_at: datetime
    accepted_at: datetime | None
    acknowledged_at: datetime | None
    possible_duplicate: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class IncidentAccount:
    """One incident as the store tells it; ``state`` says how it ended."""

    incident_id: str
    pathway: str
    team: str
    state: str
    opened_at: datetime
    ended_at: datetime | None
    acknowledged_by: str
    acknowledged_how: str
    pages: tuple[PageAccount, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class CaseAccount:
    """One case with everything that is known of it."""

    case_id: str
    study_uid: str
    reference: str
    priority: Priority
    arrived_at: datetime
    ready_at: datetime
    state: str
    state_detail: str
    tier: int
    rank: int | None
    rank_reason: str
    pathways: tuple[PathwayAccount, ...]
    incidents: tuple[IncidentAccount, ...] = ()

    @property
    def pages(self) -> tuple[PageAccount, ...]:
        """The pages of all incidents of the case."""
        return tuple(page for incident in self.incidents for page in incident.pages)


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    """All cases at one instant; ``audit_break`` is the first broken row of the audit chain, or None."""

    at: datetime
    cases: tuple[CaseAccount, ...]
    audit_rows: int
    audit_break: int | None
    ledger_entries: tuple[dict[str, Any], ...] = field(default=())


async def read_account(engine: AsyncEngine, now: datetime, ledger: Sequence[dict[str, Any]] = ()) -> Account:
    """Read the account of everything in the store; ``ledger`` is the carrier's."""
    async with transaction(engine) as connection:
        rows = (await connection.execute(select(cases).order_by(cases.c.arrived_at))).all()
        ranks = await _ranks(connection, now)
        found = [await _case(connection, row, ranks) for row in rows]
        return Account(
            at=now,
            cases=tuple(found),
            audit_rows=await audit.length(connection),
            audit_break=await audit.first_break(connection),
            ledger_entries=tuple(ledger),
        )


async def read_case(engine: AsyncEngine, study_uid: str) -> CaseAccount | None:
    """Read one case; its rank is left out, which costs nothing however long the list is."""
    async with transaction(engine) as connection:
        row = (await connection.execute(select(cases).where(cases.c.study_uid == study_uid))).first()
        return await _case(connection, row, {}) if row else None


async def count_outcomes(engine: AsyncEngine, pathway: str) -> int:
    """How many cases have an outcome on ``pathway``."""
    statement = select(func.count()).select_from(outcomes).where(outcomes.c.pathway == pathway)
    async with transaction(engine) as connection:
        return int((await connection.execute(statement)).scalar_one())


def whole_ledger(case: CaseAccount, pathway: PathwayAccount) -> tuple[Ledger, datetime | None]:
    """The ledger of a pathway up to its end: the decision, or the acceptance of its page by the carrier."""
    if pathway.decided_at is None:
        return pathway.ledger, None
    accepted = [page for page in case.pages if page.pathway == pathway.pathway and page.accepted_at]
    if not accepted:
        return pathway.ledger, pathway.decided_at
    page = min(accepted, key=lambda item: item.accepted_at or item.created_at)
    end = page.accepted_at or page.created_at
    paging = Span(stage=Stage.PAGE_ACCEPT, start=pathway.decided_at, end=end)
    return (*pathway.ledger, paging), end


def attributed(case: CaseAccount) -> list[float]:
    """Share of wall time attributed to named stages, for each pathway with an outcome."""
    shares = []
    for pathway in case.pathways:
        ledger, end = whole_ledger(case, pathway)
        named = tuple(span for span in ledger if span.stage is not Stage.UNKNOWN)
        if end is not None and ledger:
            shares.append(attributed_share(named, min(span.start for span in ledger), end))
    return shares


async def _ranks(connection: AsyncConnection, now: datetime) -> dict[str, tuple[Any, int, str]]:
    rows = await open_items(connection)
    inputs = [
        RankInput(
            row.case_id,
            Placement(row.tier, InTier(row.order_in_tier), row.rank_reason),
            row.arrived_at,
            row.wait_limit_at,
        )
        for row in rows
    ]
    ranked = {item.case_id: item for item in rank(inputs, now)}
    return {row.case_id: (row, ranked[row.case_id].position, ranked[row.case_id].reason) for row in rows}


async def _case(connection: AsyncConnection, row: Any, ranks: dict[str, tuple[Any, int, str]]) -> CaseAccount:
    item, position, reason = ranks.get(row.case_id, (None, None, ""))
    return CaseAccount(
        case_id=row.case_id,
        study_uid=row.study_uid,
        reference=row.reference,
        priority=parse_priority(row.priority),
        arrived_at=row.arrived_at,
        ready_at=row.ready_at,
        state=item.state if item else "",
        state_detail=item.state_detail if item else "",
        tier=item.tier if item else -1,
        rank=position,
        rank_reason=reason,
        pathways=await _pathways(connection, row.case_id),
        incidents=await _incidents(connection, row.case_id),
    )


async def _pathways(connection: AsyncConnection, case_id: str) -> tuple[PathwayAccount, ...]:
    given = {item.pathway: item for item in await of_case(connection, case_id)}
    statement = select(case_pathways).where(case_pathways.c.case_id == case_id).order_by(case_pathways.c.pathway)
    found = []
    for row in await connection.execute(statement):
        outcome = given.get(row.pathway)
        found.append(
            PathwayAccount(
                pathway=row.pathway,
                eligible=row.eligible,
                deadline=row.deadline,
                outcome=outcome.outcome if outcome else None,
                decided_at=outcome.decided_at if outcome else None,
                late=outcome.late if outcome else False,
                ledger=msgspec.convert(outcome.ledger, Ledger) if outcome else (),
            )
        )
    return tuple(found)


async def _incidents(connection: AsyncConnection, case_id: str) -> tuple[IncidentAccount, ...]:
    statement = select(incidents).where(incidents.c.case_id == case_id).order_by(incidents.c.opened_at)
    names = [name for name in IncidentAccount.__dataclass_fields__ if name != "pages"]
    return tuple(
        [
            IncidentAccount(
                **{name: getattr(row, name) for name in names}, pages=await _pages(connection, row.incident_id)
            )
            for row in (await connection.execute(statement)).all()
        ]
    )


async def _pages(connection: AsyncConnection, incident_id: str) -> tuple[PageAccount, ...]:
    statement = (
        select(page_outbox, incidents.c.pathway, incidents.c.acknowledged_at)
        .join(incidents, incidents.c.incident_id == page_outbox.c.incident_id)
        .where(incidents.c.incident_id == incident_id, page_outbox.c.kind == "page")
        .order_by(page_outbox.c.created_at, page_outbox.c.page_id)
    )
    names = PageAccount.__dataclass_fields__
    return tuple(
        PageAccount(**{name: getattr(row, name) for name in names}) for row in await connection.execute(statement)
    )
