"""Plays one seed: a database, a carrier, perhaps webhooks, two pagers, incidents; until nothing moves any more.

Who calls it: ``bench.paging_runs`` and the tests. It judges nothing: ``bench.paging_verdict`` does.
"""

from __future__ import annotations

import asyncio
import time
from collections import Counter
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from multiprocessing.context import ForkServerContext
from pathlib import Path

from aiohttp import web
from aiohttp.typedefs import Handler, Middleware
from sqlalchemy import ColumnElement, and_, func, insert, or_, select
from sqlalchemy.ext.asyncio import AsyncEngine

from alerting.channels.twilio.settings import TwilioSettings
from alerting.core.replies import ReplyKind
from bench.paging_broken import Variant
from bench.paging_hook import Watched, free_socket, webhooks
from bench.paging_lives import Deaths, Pagers
from bench.paging_process import Life
from bench.paging_seeds import TEAM, TIMEOUT_S, Scenario
from schemas.findings import Finding, FindingState, Location, Side, Urgency
from schemas.ids import case_id_of, case_reference, study_uid
from simulator.carrier.carrier import Carrier
from simulator.carrier.faults import FaultPlan
from simulator.carrier.ledger import Entry
from simulator.carrier.settings import Fault
from store import incidents as incident_store
from store.engine import StoreSettings, open_engine, transaction
from store.incidents import Incident
from store.outbox import PageTimes, pages_of
from store.tables import cases, incident_answers, incidents, page_events, page_outbox

QUIET_S = 0.8
LONGEST_S = 60.0
_LOOK_S = 0.2
_PATIENCE_S = 30
_BOARD_POOL = 3
_THROTTLED = timedelta(seconds=40)
_LVO = Finding(
    code="lvo",
    state=FindingState.DETECTED,
    score=0.97,
    urgency=Urgency.EMERGENCY,
    location=Location(side=Side.LEFT, segment="M1"),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Played:
    """What was found when nothing moved any more; ``entries`` is the carrier's ledger."""

    scenario: Scenario
    entries: tuple[Entry, ...]
    opted_out: frozenset[str]
    incidents: tuple[Incident, ...]
    answered: frozenset[tuple[str, str]]
    """Incident and person, for each answer that counted."""
    taken: frozenset[str]
    """Incidents that somebody took at some time."""
    pages: tuple[PageTimes, ...]
    not_due: frozenset[str]
    """Ids of pages that the throttle put off until long after the end."""
    events: tuple[tuple[str, str], ...]
    """Kind and dedupe key of each row of the pages' history."""
    deaths: Deaths
    faults: Counter[str]
    seconds: float
    quiet: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Setting:
    """Where seeds are played."""

    context: ForkServerContext
    variant: Variant = Variant.REAL
    logs: Path | None = None


class _CountedPlan(FaultPlan):
    """A plan that knows what it drew."""

    counts: Counter[str]

    def next_create(self) -> Fault:
        fault = super().next_create()
        if fault is not Fault.NONE:
            self.counts[str(fault)] += 1
        return fault


@dataclass
class _Stage:
    """The running parts of one seed."""

    engine: AsyncEngine
    carrier: Carrier
    pagers: Pagers
    faults: Counter[str]
    watched: Watched | None
    deaf: bool
    """Whether the pagers ask for answers, and the carrier never tells."""
    opened: list[str] = field(default_factory=list)


async def play(scenario: Scenario, store: StoreSettings, setting: Setting) -> Played:
    """Play a seed on an empty, migrated database."""
    started = time.monotonic()
    async with _stage(scenario, store, setting) as stage:
        opening = asyncio.create_task(_open_all(stage, scenario.opens_at_s, scenario.seed))
        async with stage.pagers.running(scenario.kills):
            await opening
            quiet = await _until_quiet(stage, started + LONGEST_S)
        counts = stage.faults + (stage.watched.counts if stage.watched else Counter())
        return await _played(stage, scenario, counts, quiet=quiet, seconds=time.monotonic() - started)


@asynccontextmanager
async def _stage(scenario: Scenario, store: StoreSettings, setting: Setting) -> AsyncIterator[_Stage]:
    place, base = free_socket()
    public_url = base if scenario.webhook else None
    paging = scenario.paging(public_url)
    faults: Counter[str] = Counter()
    async with AsyncExitStack() as stack:
        stack.callback(place.close)
        patient = store.model_copy(update={"connect_timeout_s": _PATIENCE_S, "pool_size": 1})
        engine = open_engine(patient)
        stack.push_async_callback(engine.dispose)
        sms_url = f"{base}/webhooks/twilio/sms" if scenario.webhook else None
        carrier = Carrier(scenario.carrier(sms_url), middlewares=[_list_errors(faults)])
        plan = _CountedPlan(carrier.settings.faults, carrier.settings.seed)
        plan.counts = faults
        carrier.network.plan = plan
        await stack.enter_async_context(carrier)
        twilio = account_of(carrier)
        watched = None
        if scenario.webhook:
            board = open_engine(patient.model_copy(update={"pool_size": _BOARD_POOL}))
            stack.push_async_callback(board.dispose)
            watched = await stack.enter_async_context(webhooks(board, paging, twilio, place=place, base=base))
        log = setting.logs / f"seed-{scenario.seed}.log" if setting.logs else None
        life = Life(paging=paging, twilio=twilio, store=store, variant=setting.variant, log=log)
        deaf = watched is None and scenario.faults.list_error >= 1
        yield _Stage(engine, carrier, Pagers(setting.context, life), faults, watched, deaf)


def account_of(carrier: Carrier) -> TwilioSettings:
    """The account on that carrier."""
    settings = carrier.settings
    return TwilioSettings(
        account_sid=settings.account_sid,
        auth_token=settings.auth_token,
        from_number=settings.number,
        base_url=carrier.url,
        timeout_s=TIMEOUT_S,
        ring_s=5,
    )


def _list_errors(faults: Counter[str]) -> Middleware:
    @web.middleware
    async def count(request: web.Request, handler: Handler) -> web.StreamResponse:
        response = await handler(request)
        if request.method == "GET" and response.status >= 500:
            faults["list_error"] += 1
        return response

    return count


async def _open_all(stage: _Stage, at_s: Sequence[float], seed: int) -> None:
    started = time.monotonic()
    for index, moment in enumerate(sorted(at_s)):
        await asyncio.sleep(max(0.0, started + moment - time.monotonic()))
        stage.opened.append(await open_incident(stage.engine, name=f"{seed}.{index}"))


async def open_incident(engine: AsyncEngine, *, name: str) -> str:
    """Register a case and open its incident as the decider does: the row is the intent to page."""
    now = datetime.now(UTC)
    case_id = case_id_of(b"bench", study_uid(f"1.2.{name}"))
    row = dict.fromkeys(("study_uid", "patient_key", "site", "source", "modality", "body_part"), "x")
    row |= dict.fromkeys(("description", "readiness", "traceparent"), "")
    row |= {"study_uid": case_id, "case_id": case_id, "reference": case_reference(case_id), "priority": "stat"}
    times = {"arrived_at": now, "ready_at": now, "registered_at": now}
    async with transaction(engine) as connection:
        await connection.execute(insert(cases).values(**row, **times, revision=1, study={}))
        incident = await incident_store.open_incident(
            connection, case_id=case_id, pathway="stroke", team=TEAM, finding=_LVO, now=now
        )
    assert incident is not None
    return incident.incident_id


async def _until_quiet(stage: _Stage, deadline: float) -> bool:
    """Wait until nothing was under way for a while; False where that does not come."""
    since: float | None = None
    while time.monotonic() < deadline:
        since = (since or time.monotonic()) if await _is_still(stage) else None
        if since is not None and time.monotonic() - since > QUIET_S:
            return True
        await asyncio.sleep(_LOOK_S)
    return False


async def _is_still(stage: _Stage) -> bool:
    """No open incident, no page to be sent or in doubt, nobody about to answer."""
    page = page_outbox.c
    moving = or_(page.state == "sending", and_(page.state == "pending", ~_put_off()))
    open_ones = select(func.count()).where(incidents.c.state == "open").scalar_subquery()
    pages = select(func.count()).where(moving).scalar_subquery()
    heard = select(func.count()).where(page_events.c.kind == "reply").scalar_subquery()
    async with transaction(stage.engine) as connection:
        open_count, page_count, replies = (await connection.execute(select(open_ones, pages, heard))).one()
    network = stage.carrier.network
    talking = any(call.ended_at is None for call in network.calls)
    said = sum(message.direction == "inbound" for message in network.messages)
    unheard = said > replies and not stage.deaf
    return not (open_count or page_count or network.answers_due or talking or unheard)


def _put_off() -> ColumnElement[bool]:
    """Whether a page waits for longer than any retry does here: the throttle's doing."""
    return page_outbox.c.due_at > func.clock_timestamp() + _THROTTLED


async def _played(stage: _Stage, scenario: Scenario, counts: Counter[str], *, quiet: bool, seconds: float) -> Played:
    async with transaction(stage.engine) as connection:
        found = [await incident_store.find(connection, incident_id) for incident_id in stage.opened]
        answer = incident_answers.c
        answers = (await connection.execute(select(answer.incident_id, answer.person, answer.kind))).all()
        pages = await pages_of(connection)
        waiting = select(page_outbox.c.page_id).where(page_outbox.c.state == "pending", _put_off())
        not_due = (await connection.execute(waiting)).scalars().all()
        events = (await connection.execute(select(page_events.c.kind, page_events.c.dedupe_key))).all()
    return Played(
        scenario=scenario,
        entries=stage.carrier.accepted,
        opted_out=frozenset(stage.carrier.network.opted_out),
        incidents=tuple(incident for incident in found if incident is not None),
        answered=frozenset((str(row.incident_id), str(row.person)) for row in answers),
        taken=frozenset(str(row.incident_id) for row in answers if row.kind == ReplyKind.ACKNOWLEDGE),
        pages=tuple(pages),
        not_due=frozenset(not_due),
        events=tuple((str(kind), str(key)) for kind, key in events),
        deaths=stage.pagers.deaths,
        faults=counts,
        seconds=seconds,
        quiet=quiet,
    )
