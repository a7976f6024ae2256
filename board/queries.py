"""Reads the board's rows from PostgreSQL, each read in one read-only transaction, so that its parts agree.

Called by ``board.feed`` and the case page. Must not read a column that identifies a patient, and writes nothing.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from datetime import datetime
from typing import Any

import msgspec
import structlog
from sqlalchemy import Select, and_, or_, select, text
from sqlalchemy.engine import Row
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from board.counts import today_counts
from board.desk_queries import desk_rows
from board.rows import BoardRows, CaseRow, IncidentRow, KeyImageRow, OutcomeRow, PageEventRow, PageRow, PathwayRow
from schemas.findings import Finding, Outcome, OutcomeKind
from schemas.ledger import Ledger
from schemas.priorities import parse_priority
from store import key_images as pictures
from store.engine import transaction
from store.incidents import Answer
from store.key_images import StoredKeyImage
from store.tables import (
    case_pathways,
    cases,
    incident_answers,
    incidents,
    key_images,
    outcomes,
    page_events,
    page_outbox,
    worklist,
)
from streams.core.ranking import InTier, Placement, RankInput, WaitLimits, place

_log = structlog.get_logger(__name__)
_IN_TIER = frozenset(InTier)

_CASE_COLUMNS = (
    cases.c.case_id,
    cases.c.reference,
    cases.c.site,
    cases.c.modality,
    cases.c.body_part,
    cases.c.priority,
    cases.c.revision,
    cases.c.readiness,
    cases.c.acquired_at,
    cases.c.arrived_at,
    cases.c.ready_at,
    cases.c.registered_at,
    worklist.c.tier,
    worklist.c.order_in_tier,
    worklist.c.rank_reason,
    worklist.c.wait_limit_at,
    worklist.c.changed_at,
)


async def read_board(engine: AsyncEngine, site: str | None, *, midnight: datetime, now: datetime) -> BoardRows:
    """Read all open cases, of one site or of all, and the counts since ``midnight``.

    A case that is registered but not yet on the list is shown too: nothing that arrived is invisible.

    Raises:
        PeerUnavailable: PostgreSQL cannot be reached.
    """
    async with transaction(engine) as connection:
        await _read_only(connection)
        chosen = _cases().where(worklist.c.closed_at.is_(None))
        if site is not None:
            chosen = chosen.where(cases.c.site == site)
        found = (await connection.execute(chosen)).all()
        return BoardRows(
            cases=await _assemble(connection, found),
            today=await today_counts(connection, site, midnight=midnight, now=now),
            desk=await desk_rows(connection, site, now=now),
        )


async def read_case(engine: AsyncEngine, reference: str) -> tuple[CaseRow, tuple[PageEventRow, ...]] | None:
    """Read one case by its short code, open or closed, with what happened to its pages; None where there is none.

    Raises:
        PeerUnavailable: PostgreSQL cannot be reached.
    """
    async with transaction(engine) as connection:
        await _read_only(connection)
        found = (await connection.execute(_cases().where(cases.c.reference == reference))).all()
        if not found:
            return None
        (case,) = await _assemble(connection, found)
        return case, await _page_events(connection, case)


async def read_key_image(engine: AsyncEngine, reference: str, pathway: str) -> StoredKeyImage | None:
    """Read the key image of a case; None where there is none.

    Raises:
        PeerUnavailable: PostgreSQL cannot be reached.
    """
    async with transaction(engine) as connection:
        await _read_only(connection)
        return await pictures.of_reference(connection, reference, pathway)


def _cases() -> Select[Any]:
    joined = cases.outerjoin(worklist, worklist.c.case_id == cases.c.case_id)
    return select(*_CASE_COLUMNS).select_from(joined)


async def _read_only(connection: AsyncConnection) -> None:
    await connection.execute(text("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY"))


async def _assemble(connection: AsyncConnection, found: Sequence[Row[Any]]) -> tuple[CaseRow, ...]:
    ids = [row.case_id for row in found]
    pathways = await _pathways(connection, ids)
    opened = await _incidents(connection, ids)
    return tuple(_case(row, pathways[row.case_id], opened[row.case_id]) for row in found)


async def _pathways(connection: AsyncConnection, ids: Sequence[str]) -> dict[str, list[PathwayRow]]:
    same = and_(outcomes.c.case_id == case_pathways.c.case_id, outcomes.c.pathway == case_pathways.c.pathway)
    drawn = and_(
        key_images.c.case_id == outcomes.c.case_id,
        key_images.c.pathway == outcomes.c.pathway,
        key_images.c.revision == outcomes.c.revision,
    )
    statement = (
        select(
            case_pathways,
            outcomes.c.kind,
            outcomes.c.reason.label("outcome_reason"),
            outcomes.c.revision.label("outcome_revision"),
            outcomes.c.finding,
            outcomes.c.late,
            outcomes.c.series_reason,
            outcomes.c.ledger,
            outcomes.c.decided_at,
            key_images.c.caption,
            key_images.c.made_at,
        )
        .select_from(case_pathways.outerjoin(outcomes, same).outerjoin(key_images, drawn))
        .where(case_pathways.c.case_id.in_(ids))
        .order_by(case_pathways.c.pathway)
    )
    grouped: dict[str, list[PathwayRow]] = defaultdict(list)
    for row in await connection.execute(statement):
        grouped[row.case_id].append(_pathway(row))
    return grouped


async def _incidents(connection: AsyncConnection, ids: Sequence[str]) -> dict[str, list[IncidentRow]]:
    chosen = select(incidents).where(incidents.c.case_id.in_(ids)).order_by(incidents.c.opened_at)
    found = (await connection.execute(chosen)).all()
    opened = [row.incident_id for row in found]
    pages, answers = await _pages(connection, opened), await _answers(connection, opened)
    grouped: dict[str, list[IncidentRow]] = defaultdict(list)
    for row in found:
        grouped[row.case_id].append(_incident(row, pages[row.incident_id], answers[row.incident_id]))
    return grouped


async def _pages(connection: AsyncConnection, opened: Sequence[str]) -> dict[str, list[PageRow]]:
    names = list(PageRow.__dataclass_fields__)
    statement = (
        select(*(page_outbox.c[name] for name in names))
        .where(page_outbox.c.incident_id.in_(opened))
        .order_by(page_outbox.c.created_at, page_outbox.c.page_id)
    )
    grouped: dict[str, list[PageRow]] = defaultdict(list)
    for row in await connection.execute(statement):
        grouped[row.incident_id].append(PageRow(**dict(zip(names, row, strict=True))))
    return grouped


async def _answers(connection: AsyncConnection, opened: Sequence[str]) -> dict[str, list[Answer]]:
    table = incident_answers.c
    statement = select(incident_answers).where(table.incident_id.in_(opened)).order_by(table.seq)
    grouped: dict[str, list[Answer]] = defaultdict(list)
    for row in await connection.execute(statement):
        grouped[row.incident_id].append(Answer(person=row.person, kind=row.kind, how=row.how, at=row.at))
    return grouped


async def _page_events(connection: AsyncConnection, case: CaseRow) -> tuple[PageEventRow, ...]:
    opened = [incident.incident_id for incident in case.incidents]
    pages = [page.page_id for incident in case.incidents for page in incident.pages]
    statement = (
        select(page_events.c.kind, page_events.c.at, page_events.c.page_id, page_events.c.detail)
        .where(or_(page_events.c.incident_id.in_(opened), page_events.c.page_id.in_(pages)))
        .order_by(page_events.c.at, page_events.c.seq)
    )
    return tuple(_page_event(row) for row in await connection.execute(statement))


def _case(row: Row[Any], pathways: Sequence[PathwayRow], opened: Sequence[IncidentRow]) -> CaseRow:
    return CaseRow(
        case_id=row.case_id,
        reference=row.reference,
        site=row.site,
        modality=row.modality,
        body_part=row.body_part,
        priority=parse_priority(row.priority),
        revision=row.revision,
        readiness=row.readiness,
        acquired_at=row.acquired_at,
        arrived_at=row.arrived_at,
        ready_at=row.ready_at,
        registered_at=row.registered_at,
        changed_at=row.changed_at or row.registered_at,
        ranking=_ranking(row),
        pathways=tuple(pathways),
        incidents=tuple(opened),
    )


def _ranking(row: Row[Any]) -> RankInput:
    if row.tier is None:  # registered a moment ago: ranked as the decider would without any outcome
        priority = parse_priority(row.priority)
        limit = row.arrived_at + WaitLimits().of(priority)
        return RankInput(row.case_id, place(priority, ()), row.arrived_at, limit)
    in_tier = InTier(row.order_in_tier) if row.order_in_tier in _IN_TIER else InTier.UNDECIDED
    placement = Placement(row.tier, in_tier, row.rank_reason)
    return RankInput(row.case_id, placement, row.arrived_at, row.wait_limit_at)


def _pathway(row: Row[Any]) -> PathwayRow:
    return PathwayRow(
        pathway=row.pathway,
        eligible=row.eligible,
        reason=row.reason,
        revision=row.revision,
        requested_at=row.requested_at,
        deadline=row.deadline,
        outcome=_outcome(row) if row.kind is not None else None,
        key_image=KeyImageRow(caption=row.caption, made_at=row.made_at) if row.caption is not None else None,
    )


def _outcome(row: Row[Any]) -> OutcomeRow:
    return OutcomeRow(
        outcome=_read_outcome(row),
        revision=row.outcome_revision,
        late=row.late,
        decided_at=row.decided_at,
        ledger=_read_ledger(row),
        series_reason=row.series_reason,
    )


def _read_outcome(row: Row[Any]) -> Outcome:
    """A finding that cannot be read blinds one row, not the board, and reads as not analysed, never as negative."""
    try:
        finding = msgspec.convert(row.finding, Finding) if row.finding else None
    except msgspec.ValidationError:
        _log.warning("finding_unreadable", case_id=row.case_id, pathway=row.pathway)
        return Outcome.failed("stored finding cannot be read")
    return Outcome(kind=OutcomeKind(row.kind), reason=row.outcome_reason, finding=finding)


def _read_ledger(row: Row[Any]) -> Ledger:
    try:
        return msgspec.convert(row.ledger, Ledger)
    except msgspec.ValidationError:
        _log.warning("ledger_unreadable", case_id=row.case_id, pathway=row.pathway)
        return ()


def _page_event(row: Any) -> PageEventRow:
    step, why = row.detail.get("step"), row.detail.get("why")
    return PageEventRow(
        kind=row.kind,
        at=row.at,
        page_id=row.page_id,
        step=step if isinstance(step, int) else None,
        why=why if isinstance(why, str) else "",
    )


def _incident(row: Row[Any], pages: Sequence[PageRow], answers: Sequence[Answer]) -> IncidentRow:
    return IncidentRow(
        incident_id=row.incident_id,
        pathway=row.pathway,
        code=row.code,
        team=row.team,
        opened_at=row.opened_at,
        state=row.state,
        step=row.step,
        next_step_at=row.next_step_at,
        ended_at=row.ended_at,
        acknowledged_at=row.acknowledged_at,
        acknowledged_by=row.acknowledged_by,
        acknowledged_how=row.acknowledged_how,
        pages=tuple(pages),
        answers=tuple(answers),
    )
