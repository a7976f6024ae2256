"""Builders for the watches over deadlines: cases that were asked for a while ago, and a decider that fails them."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from prometheus_client import CollectorRegistry
from sqlalchemy import insert
from sqlalchemy.ext.asyncio import AsyncEngine

from alerting.pager.clock import SteadyClock
from alerting.pager.metrics import PagerMetrics
from alerting.pager.overdue import OverdueWatch
from alerting.pager.rules import Rules
from alerting.roster import StaticRoster
from alerting.settings import PagingSettings
from schemas.events import CaseOutcome
from schemas.findings import Outcome
from schemas.ids import CaseId, case_id_of, case_reference, study_uid
from schemas.ledger import Ledger
from store import desk, outbox, outcomes
from store.desk import Notice
from store.engine import transaction
from store.outbox import PageTimes
from store.outcomes import DEADLINE_REASON
from store.tables import case_pathways, cases

LONG_AGO = timedelta(seconds=200)


@dataclass
class Failer:
    """An ``OverduePort`` that writes the outcome as the decider does."""

    engine: AsyncEngine

    async def fail_overdue(self, case_id: CaseId, pathway: str, now: datetime) -> None:
        await decide(self.engine, case_id, Outcome.failed(DEADLINE_REASON), pathway=pathway, at=now)


async def register(engine: AsyncEngine, *, age: timedelta, budget: timedelta, pathway: str = "stroke") -> CaseId:
    """A case whose analysis was asked for ``age`` ago and has ``budget`` from then on."""
    requested = datetime.now(UTC) - age
    case_id = case_id_of(b"key", study_uid(f"1.2.{uuid.uuid4().int % 10**30}"))
    row = dict.fromkeys(("patient_key", "site", "source", "modality", "body_part"), "x")
    row |= dict.fromkeys(("description", "readiness", "traceparent"), "")
    row |= {"case_id": case_id, "study_uid": case_id, "reference": case_reference(case_id), "priority": "stat"}
    times = dict.fromkeys(("arrived_at", "ready_at", "registered_at"), requested)
    plan = {"case_id": case_id, "pathway": pathway, "eligible": True, "lane": "urgent", "reason": "", "revision": 1}
    async with transaction(engine) as connection:
        await connection.execute(insert(cases).values(**row, **times, revision=1, study={}))
        asked = {"requested_at": requested, "deadline": requested + budget}
        await connection.execute(insert(case_pathways).values(**plan, **asked))
    return case_id


async def decide(
    engine: AsyncEngine, case_id: CaseId, outcome: Outcome, *, pathway: str = "stroke", at: datetime | None = None
) -> None:
    """Write an outcome."""
    now = at or datetime.now(UTC)
    event = CaseOutcome(
        case_id=case_id,
        pathway=pathway,
        revision=1,
        outcome=outcome,
        arrived_at=now,
        deadline=now,
        ledger=Ledger(()),
    )
    async with transaction(engine) as connection:
        await outcomes.record(connection, event, event_id=str(uuid.uuid4()), late=False, ledger=Ledger(()), now=now)


def watch(engine: AsyncEngine, settings: PagingSettings) -> OverdueWatch:
    """An overdue watch."""
    rules = Rules(settings, StaticRoster(settings))
    return OverdueWatch(engine, Failer(engine), rules, SteadyClock(), PagerMetrics(CollectorRegistry()))


async def notices(engine: AsyncEngine) -> list[Notice]:
    """What the desk is told now."""
    async with transaction(engine) as connection:
        return await desk.standing(connection)


async def texts(engine: AsyncEngine) -> list[PageTimes]:
    """Everything that is to be sent to anybody."""
    async with transaction(engine) as connection:
        return await outbox.pages_of(connection)
