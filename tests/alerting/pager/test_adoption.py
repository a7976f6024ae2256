"""Calls in doubt: each page adopts one call, never another page's; and never two at once to one person."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest
from prometheus_client import CollectorRegistry
from sqlalchemy import select, update

from alerting.channels.twilio.voice import TwilioVoice
from alerting.core.contacts import ChannelName
from alerting.core.pages import PageEffect, PageState, Step
from alerting.pager.attempt import Attempts
from alerting.pager.claimed import Claimed
from alerting.pager.journal import Journal
from alerting.pager.metrics import PagerMetrics
from alerting.pager.publishing import BestEffortPublisher
from alerting.roster import StaticRoster
from simulator.carrier.settings import Fault, FaultSettings
from store import leases, one_call
from store.engine import transaction
from store.leases import Lease
from store.pages import PageRow
from store.tables import page_outbox
from tests.alerting.pager.harness import NEUROLOGIST, World, carrier_settings, twilio_for

pytestmark = pytest.mark.integration
WORLD = Callable[..., World]


@pytest.fixture
async def world(make_world: WORLD) -> World:
    """A carrier that accepts two calls and answers both with an error; two people share a phone."""
    settings = carrier_settings(faults=FaultSettings(script=(Fault.ERROR_AFTER, Fault.ERROR_AFTER)))
    contacts = [{"code": code, "number": NEUROLOGIST} for code in ("neuro-1", "vasc-1")]
    made = make_world(settings, contacts=contacts)
    await made.carrier.start()
    return made


async def _two_calls(world: World) -> list[str]:
    for _ in range(2):
        await world.open()
    async with transaction(world.engine) as connection:
        await connection.execute(update(page_outbox).values(channel="voice"))
        return list((await connection.execute(select(page_outbox.c.page_id))).scalars())


async def _claim(
    world: World, take: Callable[..., object] = leases.claim_due, *, later_s: float = 0.0
) -> list[PageRow]:
    lease = Lease(owner="x", now=datetime.now(UTC) + timedelta(seconds=later_s), seconds=30)
    async with transaction(world.engine) as connection:
        rows: list[PageRow] = await take(connection, lease, limit=2)  # type: ignore[misc]
    return rows


def _hands(world: World) -> tuple[Attempts, TwilioVoice]:
    metrics = PagerMetrics(CollectorRegistry())
    journal = Journal(world.engine, BestEffortPublisher(world.events, metrics), metrics)
    voice = TwilioVoice(twilio_for(world.carrier))
    return Attempts(world.settings, {ChannelName.VOICE: voice}, StaticRoster(world.settings), journal, metrics), voice


async def _each(work: Callable[[Claimed], object], rows: list[PageRow]) -> list[Step]:
    claims = [Claimed(row, datetime.now(UTC), time.monotonic()) for row in rows]
    return list(await asyncio.gather(*(work(claimed) for claimed in claims)))  # type: ignore[call-overload]


async def test_two_calls_in_doubt_to_one_number_are_adopted_one_each(world: World) -> None:
    pages = await _two_calls(world)
    async with transaction(world.engine) as connection:
        theirs = update(page_outbox).where(page_outbox.c.page_id == pages[0]).values(recipient="vasc-1")
        await connection.execute(theirs)
    hands, voice = _hands(world)
    sent = await _each(hands.send, await _claim(world))
    assert [step.state for step in sent] == [PageState.SENDING] * 2
    await asyncio.sleep(world.carrier.settings.list_lag_s + 0.1)
    found = await _each(hands.look_up, await _claim(world, leases.claim_in_doubt, later_s=10))
    await voice.close()
    async with transaction(world.engine) as connection:
        sids = set((await connection.execute(select(page_outbox.c.provider_sid))).scalars())
    assert all(step.state is not PageState.PENDING for step in found)
    assert sids == {entry.sid for entry in world.carrier.accepted}
    assert len(world.carrier.accepted) == 2


async def test_a_call_that_may_be_an_earlier_pages_is_not_adopted(make_world: WORLD) -> None:
    world = make_world(carrier_settings(faults=FaultSettings(script=(Fault.ERROR_AFTER, Fault.ERROR_BEFORE))))
    await world.carrier.start()
    first, second = sorted(await _two_calls(world))
    hands, voice = _hands(world)
    async with transaction(world.engine) as connection:
        apart = update(page_outbox).where(page_outbox.c.page_id == second)
        await connection.execute(apart.values(due_at=datetime.now(UTC) + timedelta(seconds=60)))
    await _each(hands.send, await _claim(world))
    async with transaction(world.engine) as connection:  # accepted, never found out, given up
        given_up = update(page_outbox).where(page_outbox.c.page_id == first)
        await connection.execute(given_up.values(state="failed", possible_duplicate=True))
    await _each(hands.send, await _claim(world, later_s=61))
    await asyncio.sleep(world.carrier.settings.list_lag_s + 0.1)
    (step,) = await _each(hands.look_up, await _claim(world, leases.claim_in_doubt, later_s=200))
    await voice.close()
    assert len(world.carrier.accepted) == 1
    assert (step.state, step.effect) == (PageState.PENDING, PageEffect.SEND_AGAIN_FLAGGED)


async def test_while_a_call_is_under_way_the_next_to_this_person_waits(world: World) -> None:
    first, second = sorted(await _two_calls(world))

    async def free() -> set[str]:
        async with transaction(world.engine) as connection:
            await one_call.one_claim_at_a_time(connection)
            statement = select(page_outbox.c.page_id).where(page_outbox.c.state == "pending", one_call.no_other_call())
            return set((await connection.execute(statement)).scalars())

    async def set_to(page_id: str, **values: object) -> None:
        async with transaction(world.engine) as connection:
            await connection.execute(update(page_outbox).where(page_outbox.c.page_id == page_id).values(**values))

    due = datetime.now(UTC)
    await set_to(first, due_at=due)
    await set_to(second, due_at=due)
    assert await free() == {first}
    await set_to(first, state="sending")
    assert await free() == set()
    await set_to(first, state="accepted")
    assert await free() == {second}
    await set_to(first, state="sending", channel="sms")
    assert await free() == {second}
