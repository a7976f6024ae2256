"""Builders for pager tests: a case with an incident and its planned page, a pager on a carrier, waiting for a fact."""

from __future__ import annotations

import asyncio
import time
import uuid
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import partial
from typing import TypeVar

from prometheus_client import CollectorRegistry
from sqlalchemy import insert, select
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from alerting.channels.twilio.settings import TwilioSettings
from alerting.channels.twilio.sms import TwilioSms
from alerting.channels.twilio.statuses import receipt_of
from alerting.core.contacts import ChannelName
from alerting.core.planning import attempt_nonce
from alerting.pager.clock import SteadyClock
from alerting.pager.escalation import Escalation
from alerting.pager.inbound import StatusCallback
from alerting.pager.metrics import PagerMetrics
from alerting.pager.overdue import OverduePort
from alerting.pager.rules import Rules
from alerting.pager.service import Pager, PagerPorts
from alerting.roster import StaticRoster
from alerting.settings import PagingSettings
from schemas.events import PageChanged
from schemas.findings import Finding, FindingState, Location, Side, Urgency
from schemas.ids import CaseId, case_id_of, case_reference, study_uid
from simulator.carrier.carrier import Carrier
from simulator.carrier.settings import CarrierSettings, FaultSettings, PhoneSettings
from store import incidents
from store.engine import StoreSettings, transaction
from store.outbox import PageTimes, pages_of
from store.tables import cases, page_outbox

T = TypeVar("T")
NEUROLOGIST = "+447700900001"
VASCULAR = "+447700900002"
LVO = Finding(
    code="lvo",
    state=FindingState.DETECTED,
    score=0.97,
    urgency=Urgency.EMERGENCY,
    location=Location(side=Side.LEFT, segment="M1"),
)


def paging(**changes: object) -> PagingSettings:
    """Settings with short times."""
    values: dict[str, object] = {
        "contacts": [{"code": "neuro-1", "number": NEUROLOGIST}, {"code": "vasc-1", "number": VASCULAR}],
        "teams": {"stroke": ["neuro-1"], "vascular": ["vasc-1"]},
        "lease_s": 3.0,
        "settle_s": 0.8,
        "lookup_budget_s": 2.0,
        "poll_s": 0.1,
        "receipt_poll_s": 0.3,
        "reply_poll_s": 0.2,
        "overdue_poll_s": 0.2,
        **changes,
    }
    return PagingSettings.model_validate(values)


def carrier_settings(*, faults: FaultSettings | None = None, **changes: object) -> CarrierSettings:
    """A quick network on which nobody answers unless told."""
    values: dict[str, object] = {
        "phones": [PhoneSettings(number=NEUROLOGIST, name="Neurologist", answer=None)],
        "list_lag_s": 0.2,
        "sent_after_s": 0.05,
        "delivered_after_s": 0.1,
        "faults": faults or FaultSettings(),
        **changes,
    }
    return CarrierSettings.model_validate(values)


def twilio_for(carrier: Carrier, *, timeout_s: float = 1.0) -> TwilioSettings:
    """The account on that carrier."""
    settings = carrier.settings
    return TwilioSettings(
        account_sid=settings.account_sid,
        auth_token=settings.auth_token,
        from_number=settings.number,
        base_url=carrier.url,
        timeout_s=timeout_s,
    )


async def open_incident(engine: AsyncEngine, finding: Finding = LVO) -> tuple[str, str]:
    """Register a case with a finding and open its incident; return incident id and case code."""
    now = datetime.now(UTC)
    case_id = case_id_of(b"key", study_uid(f"1.2.{uuid.uuid4().int % 10**30}"))
    reference = case_reference(case_id)
    row = {name: "x" for name in ("study_uid", "patient_key", "site", "source", "modality", "body_part")}
    row |= {name: "" for name in ("description", "readiness", "traceparent")}
    async with transaction(engine) as connection:
        values = {**row, "study_uid": case_id, "case_id": case_id, "reference": reference, "priority": "stat"}
        times = {"arrived_at": now, "ready_at": now, "registered_at": now}
        await connection.execute(insert(cases).values(**values, **times, revision=1, study={}))
        return await _open(connection, case_id=case_id, finding=finding, now=now), reference


async def open_page(engine: AsyncEngine, settings: PagingSettings, finding: Finding = LVO) -> tuple[str, str]:
    """Open the incident of a new case and take its first step; return incident id and case code."""
    incident_id, reference = await open_incident(engine, finding)
    await take_steps(engine, settings)
    await until(partial(_paged, engine, incident_id))  # another pager may have been quicker and not yet be done
    return incident_id, reference


async def take_steps(engine: AsyncEngine, settings: PagingSettings) -> None:
    """Take the steps that are due, as a pager with a phone carrier does."""
    rules = Rules(settings, StaticRoster(settings), channels=(ChannelName.SMS,))
    metrics = PagerMetrics(CollectorRegistry())
    await Escalation(engine, rules, SteadyClock(), metrics, keys=False).round()


async def open_second_incident(world: World, incident_id: str, urgency: Urgency = Urgency.EMERGENCY) -> str:
    """Open an incident on the aorta of the case of another incident, with its page to the same team."""
    now, finding = datetime.now(UTC), Finding(code="aaa", state=FindingState.DETECTED, urgency=urgency)
    async with transaction(world.engine) as connection:
        first = await incidents.find(connection, incident_id)
        assert first is not None
        other_id = await _open(connection, case_id=first.case_id, finding=finding, now=now)
    await take_steps(world.engine, world.settings)
    await until(partial(_paged, world.engine, other_id))
    return other_id


async def _paged(engine: AsyncEngine, incident_id: str) -> bool | None:
    async with transaction(engine) as connection:
        return bool(await pages_of(connection, [incident_id])) or None


async def _open(connection: AsyncConnection, *, case_id: CaseId, finding: Finding, now: datetime) -> str:
    incident = await incidents.open_incident(
        connection, case_id=case_id, pathway=finding.code, team="stroke", finding=finding, now=now
    )
    assert incident is not None
    return incident.incident_id


@dataclass
class RecordedEvents:
    """A ``PageEvents`` that keeps what it is given."""

    events: list[PageChanged] = field(default_factory=list)

    async def publish(self, event: PageChanged, *, event_id: str) -> None:
        assert event_id
        self.events.append(event)


@dataclass
class World:
    """A store, a carrier, and pagers between them."""

    engine: AsyncEngine
    store: StoreSettings
    carrier: Carrier
    settings: PagingSettings
    events: RecordedEvents = field(default_factory=RecordedEvents)
    timeout_s: float = 1.0

    def pager(self, overdue: OverduePort | None = None) -> tuple[Pager, TwilioSms]:
        """A pager of this world; close the channel afterwards."""
        sms = TwilioSms(twilio_for(self.carrier, timeout_s=self.timeout_s))
        ports = PagerPorts(
            engine=self.engine,
            store=self.store,
            channels={ChannelName.SMS: sms},
            people=StaticRoster(self.settings),
            events=self.events,
            inbox=sms,
            overdue=overdue,
        )
        return Pager(self.settings, ports, CollectorRegistry()), sms

    @asynccontextmanager
    async def paging(self, pagers: int = 1, overdue: OverduePort | None = None) -> AsyncIterator[list[Pager]]:
        """Run pagers within the block."""
        stop, made = asyncio.Event(), [self.pager(overdue) for _ in range(pagers)]
        tasks = [asyncio.create_task(pager.run(stop)) for pager, _ in made]
        try:
            yield [pager for pager, _ in made]
        finally:
            stop.set()
            await asyncio.gather(*tasks)
            for _, sms in made:
                await sms.close()

    async def open(self, finding: Finding = LVO) -> tuple[str, str]:
        """Open an incident with its page."""
        return await open_page(self.engine, self.settings, finding)

    async def pages(self, incident_id: str) -> list[PageTimes]:
        """The pages of an incident."""
        async with transaction(self.engine) as connection:
            return await pages_of(connection, [incident_id])

    async def page_reaches(self, incident_id: str, *states: str, within_s: float = 8.0) -> PageTimes:
        """Wait until the incident's page is in one of ``states``."""

        async def reached() -> PageTimes | None:
            page = next(iter(await self.pages(incident_id)), None)
            return page if page is not None and page.state in states else None

        return await until(reached, within_s=within_s)


async def until(fact: Callable[[], Awaitable[T | None]], *, within_s: float = 8.0) -> T:
    """Wait for a fact to become true and return it."""
    end = time.monotonic() + within_s
    while time.monotonic() < end:
        if (found := await fact()) is not None:
            return found
        await asyncio.sleep(0.03)
    raise AssertionError(f"did not happen within {within_s} s")


async def callback(
    world: World, incident_id: str, status: str, *, nonce: str | None = None, sid: str = "SM" + "f" * 32
) -> StatusCallback:
    """A status webhook about the incident's page; with the right nonce unless another is given."""
    async with transaction(world.engine) as connection:
        row = (await connection.execute(select(page_outbox).where(page_outbox.c.incident_id == incident_id))).one()
    return StatusCallback(
        page_id=row.page_id,
        attempt_id=row.attempt_id or "none",
        nonce=attempt_nonce(row.nonce, row.attempt_id or "none") if nonce is None else nonce,
        receipt=receipt_of(sid, status),
    )
