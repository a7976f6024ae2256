"""A test page goes the way of a page, its answer changes no case, and one that nobody sent is taken back."""

from __future__ import annotations

import asyncio
from datetime import timedelta

import pytest
from prometheus_client import CollectorRegistry
from sqlalchemy import update
from sqlalchemy.ext.asyncio import AsyncEngine

from alerting.core.contacts import ChannelName, Contact
from alerting.pager.clock import SteadyClock
from alerting.pager.journal import Journal
from alerting.pager.metrics import PagerMetrics
from alerting.pager.publishing import BestEffortPublisher, NoEvents
from alerting.pager.tests_of_people import StaleProofs
from codestroke.commands.page import Asked, _is_reached, page_for_test
from simulator.carrier.settings import PhoneSettings
from store.engine import transaction
from store.tables import page_outbox
from tests.alerting.pager.deadlines import texts
from tests.alerting.pager.harness import NEUROLOGIST, World

pytestmark = pytest.mark.integration
PERSON = Contact("neuro-1", NEUROLOGIST)


def _asked(wait_s: float) -> Asked:
    return Asked(person=PERSON, channel=ChannelName.SMS, keys=False, by="tester", wait_s=wait_s)


async def test_a_test_is_sent_delivered_and_answered(world: World) -> None:
    world.carrier.network.set_phone(PhoneSettings(number=NEUROLOGIST, answer="1 {code}", answer_after_s=0.3))
    world.settings = world.settings.model_copy(update={"lease_s": 30.0})
    lines: list[str] = []
    async with world.paging():
        report = await page_for_test(world.engine, _asked(30), lines.append)
        again = await page_for_test(world.engine, _asked(30), lines.append)
    assert (report["result"], report["answer"], report["last_success_at"]) == ("answered", "acknowledge", None)
    assert 0 < report["after_s"]["accepted"] <= report["after_s"]["answered"] < 30
    assert again["last_success_at"] is not None
    assert [line for line in lines if "number" in line or NEUROLOGIST in line] == []
    assert len([entry for entry in world.carrier.accepted if "TEST" in entry.body]) == 2
    assert _is_reached(report)


async def test_without_a_pager_it_says_so_and_takes_the_test_back(world: World) -> None:
    lines: list[str] = []
    report = await page_for_test(world.engine, _asked(0.5), lines.append)
    assert (report["result"], _is_reached(report)) == ("not_taken", False)
    assert "is a pager running" in lines[-1]
    async with world.paging():
        await asyncio.sleep(0.5)
    assert world.carrier.accepted == ()


async def test_a_test_that_waits_too_long_is_taken_back_by_the_pager(engine: AsyncEngine, world: World) -> None:
    waiting = asyncio.create_task(page_for_test(engine, _asked(1.5), lambda _: None))
    await asyncio.sleep(0.5)
    metrics, clock = PagerMetrics(CollectorRegistry()), SteadyClock()
    stale = StaleProofs(engine, Journal(engine, BestEffortPublisher(NoEvents(), metrics), metrics), clock)
    assert await stale.round() == 0
    async with transaction(engine) as connection:
        long_ago = await clock.now(connection) - timedelta(minutes=11)
        await connection.execute(update(page_outbox).values(created_at=long_ago))
    assert await stale.round() == 1
    assert [text.state for text in await texts(engine)] == ["cancelled"]
    assert (await waiting)["result"] == "not_taken"
