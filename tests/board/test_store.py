"""The board on a real PostgreSQL: what it reads, how soon it shows it, and that a replayed webhook changes nothing."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from datetime import timedelta

import pytest
from prometheus_client import CollectorRegistry
from sqlalchemy import func, select, update
from sqlalchemy.ext.asyncio import AsyncEngine

from alerting.channels.twilio.callbacks import status_callback_url
from alerting.core.planning import attempt_nonce
from alerting.pager.inbound import Inbound
from alerting.pager.journal import Journal
from alerting.pager.metrics import PagerMetrics
from alerting.pager.publishing import BestEffortPublisher, NoEvents
from alerting.pager.rules import Rules
from alerting.roster import StaticRoster
from alerting.settings import PagingSettings
from board import queries
from board.app import BoardDeps, create_app
from board.rows import BoardRows
from board.settings import BoardSettings
from schemas.findings import FindingState, Outcome, Urgency
from schemas.priorities import Priority
from store.engine import StoreSettings, open_engine, transaction
from store.tables import incidents, outcomes, page_events, page_outbox, worklist
from tests.board.builders import finding
from tests.board.seeding import Seeder, utc_now
from tests.board.serving import events_of, next_event, served
from tests.board.test_webhooks import PUBLIC, TWILIO, post, signed

pytestmark = pytest.mark.integration
SETTINGS = BoardSettings(port=0, public_url=PUBLIC)


@pytest.fixture
async def engine(store_settings: StoreSettings) -> AsyncIterator[AsyncEngine]:
    made = open_engine(store_settings)
    yield made
    await made.dispose()


async def read(engine: AsyncEngine, site: str | None = None) -> BoardRows:
    now = utc_now()
    return await queries.read_board(engine, site, midnight=now - timedelta(hours=12), now=now)


async def test_each_case_comes_with_its_pathways_incidents_and_pages(engine: AsyncEngine) -> None:
    lvo = finding()
    async with transaction(engine) as connection:
        seeder = Seeder(connection, utc_now())
        case = await seeder.register(1)
        await seeder.plan(case)
        await seeder.decide(case, Outcome.scored(lvo))
        page_id = await seeder.page(case, lvo)
    (row,) = (await read(engine)).cases
    assert row.reference == case.reference
    assert row.pathways[0].outcome is not None
    assert row.pathways[0].outcome.outcome.finding == lvo
    assert [page.page_id for page in row.incidents[0].pages] == [page_id]
    assert row.ranking.placement.reason == "suspected LVO"


async def test_a_case_is_visible_before_anything_decided_about_it(engine: AsyncEngine) -> None:
    async with transaction(engine) as connection:
        await Seeder(connection, utc_now()).register(1, priority=Priority.STAT)
    (row,) = (await read(engine)).cases
    assert row.ranking.placement.reason == "ordered STAT"


async def test_closed_cases_and_other_sites_are_not_shown(engine: AsyncEngine) -> None:
    async with transaction(engine) as connection:
        here, there = Seeder(connection, utc_now()), Seeder(connection, utc_now(), site="South Hospital")
        closed = await here.register(1)
        await here.decide(closed, Outcome.failed("x"))
        await connection.execute(update(worklist).values(closed_at=utc_now()))
        open_here = await here.register(2)
        await there.register(3)
    assert [row.case_id for row in (await read(engine, "North Hospital")).cases] == [open_here.case_id]
    assert len((await read(engine)).cases) == 2
    assert (await read(engine, "South Hospital")).today.not_analysed == 0


async def test_the_days_counts(engine: AsyncEngine) -> None:
    said = [
        Outcome.scored(finding()),
        Outcome.scored(finding(state=FindingState.NOT_DETECTED)),
        Outcome.scored(finding(state=FindingState.INDETERMINATE)),
        Outcome.scored(finding(state=FindingState.UNKNOWN)),
        Outcome.failed("deadline"),
        Outcome.not_applicable("not a head"),
    ]
    async with transaction(engine) as connection:
        seeder = Seeder(connection, utc_now())
        for number, outcome in enumerate(said):
            await seeder.decide(await seeder.register(number), outcome)
        await seeder.plan(await seeder.register(99), deadline_s=1)
    today = (await read(engine)).today
    assert (today.flagged, today.not_flagged, today.indeterminate, today.not_analysed) == (1, 1, 2, 1)
    assert today.overdue == 1


async def test_an_unreadable_finding_reads_as_not_analysed_and_blinds_one_row_only(engine: AsyncEngine) -> None:
    async with transaction(engine) as connection:
        seeder = Seeder(connection, utc_now())
        case = await seeder.register(1)
        await seeder.plan(case)
        await seeder.decide(case, Outcome.scored(finding(state=FindingState.NOT_DETECTED, urgency=Urgency.ROUTINE)))
        await connection.execute(update(outcomes).values(finding={"state": 7}))
        await seeder.register(2)
    rows = {row.case_id: row for row in (await read(engine)).cases}
    assert len(rows) == 2
    broken = rows[case.case_id].pathways[0].outcome
    assert broken is not None
    assert broken.outcome == Outcome.failed("stored finding cannot be read")


def deps(engine: AsyncEngine, store: StoreSettings, inbound: Inbound | None = None) -> BoardDeps:
    return BoardDeps(
        engine=engine,
        store=store,
        settings=SETTINGS,
        clock=utc_now,
        inbound=inbound,
        twilio=TWILIO if inbound else None,
    )


async def test_a_committed_case_is_on_the_screen_by_notification(
    engine: AsyncEngine, store_settings: StoreSettings
) -> None:
    async with served(create_app(deps(engine, store_settings)), SETTINGS) as http:
        async with http.get("/events") as response:
            events = events_of(response)
            await next_event(events, "board")
            await asyncio.sleep(0.5)
            async with transaction(engine) as connection:
                seeder = Seeder(connection, utc_now())
                case = await seeder.register(1)
                await seeder.decide(case, Outcome.scored(finding()))
            committed = time.monotonic()
            event = await next_event(events, "board")
            assert case.reference in event.data["html"]
            assert time.monotonic() - committed < 0.9, "sooner than the poll"
        async with http.get(f"/cases/{case.reference}") as response:
            page = await response.text()
        assert "CANARY" not in page + event.data["html"], "no study description reaches a screen"


@pytest.fixture
def inbound(engine: AsyncEngine) -> Inbound:
    people = {"contacts": [{"code": "neuro-1", "number": "+447700900001"}], "teams": {"stroke": ["neuro-1"]}}
    metrics = PagerMetrics(CollectorRegistry())
    journal = Journal(engine, BestEffortPublisher(NoEvents(), metrics), metrics, actor="board")
    settings = PagingSettings.model_validate(people)
    return Inbound(engine, Rules(settings, StaticRoster(settings)), journal, metrics)


async def test_replayed_webhooks_change_nothing(
    engine: AsyncEngine, store_settings: StoreSettings, inbound: Inbound
) -> None:
    async with transaction(engine) as connection:
        seeder = Seeder(connection, utc_now())
        case = await seeder.register(1)
        page_id = await seeder.page(case, finding())
        accepted = {
            "state": "accepted",
            "provider_sid": "SM1",
            "accepted_at": utc_now(),
            "attempt_id": "a1",
            "tries": 1,
        }
        await connection.execute(update(page_outbox).values(**accepted))
    nonce = attempt_nonce("n0nce", "a1")
    status = status_callback_url(PUBLIC, page_id=page_id, attempt_id="a1", nonce=nonce).removeprefix(PUBLIC)
    receipt = {"MessageSid": "SM1", "MessageStatus": "delivered"}
    reply = {"MessageSid": "SM2", "From": "+447700900001", "Body": f"1 {case.reference}"}
    async with served(create_app(deps(engine, store_settings, inbound)), SETTINGS) as http:
        for _ in range(3):
            assert await post(http, status, receipt, signed(status, receipt)) == 204
            answer = "/webhooks/twilio/sms"
            assert await post(http, answer, reply, signed(answer, reply)) == 200
    async with transaction(engine) as connection:
        kinds = (await connection.execute(select(page_events.c.kind, func.count()).group_by(page_events.c.kind))).all()
        page = (await connection.execute(select(page_outbox).where(page_outbox.c.kind == "page"))).one()
        incident = (await connection.execute(select(incidents))).one()
    assert page.state == "delivered"
    assert (incident.acknowledged_by, incident.acknowledged_how) == ("neuro-1", "sms")
    assert all(count == 1 for _, count in kinds), kinds
