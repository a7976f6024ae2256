"""A pager that was held up: it does not send after its lease, and its late answer is still the truth."""

from __future__ import annotations

import time
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

import pytest
from prometheus_client import CollectorRegistry

from alerting.channels.port import Outbound, Receipt
from alerting.core.contacts import ChannelName
from alerting.core.pages import PageEffect, PageEvent, PageState
from alerting.core.sending import SendKind, SendOutcome
from alerting.pager.attempt import Attempts
from alerting.pager.claimed import Claimed, plain
from alerting.pager.journal import Journal
from alerting.pager.metrics import PagerMetrics
from alerting.pager.publishing import BestEffortPublisher
from alerting.roster import StaticRoster
from store import leases
from store.engine import transaction
from store.leases import Lease
from store.pages import PageRow
from tests.alerting.pager.harness import World

pytestmark = pytest.mark.integration
SID = "SM" + "a" * 32


class _Accepting:
    """A channel that accepts everything and counts."""

    timeout_s = 1.0

    def __init__(self) -> None:
        self.sent: list[Outbound] = []

    async def send(self, message: Outbound) -> SendOutcome:
        self.sent.append(message)
        return SendOutcome(kind=SendKind.ACCEPTED, reason="created", sid=SID)

    async def find(self, message: Outbound) -> Sequence[Receipt]:
        raise AssertionError("not asked for")

    async def receipt(self, sid: str) -> Receipt:
        raise AssertionError("not asked for")


def _attempts(world: World, channel: _Accepting) -> tuple[Attempts, Journal]:
    metrics = PagerMetrics(CollectorRegistry())
    journal = Journal(world.engine, BestEffortPublisher(world.events, metrics), metrics)
    channels = {ChannelName.SMS: channel}
    return Attempts(world.settings, channels, StaticRoster(world.settings), journal, metrics), journal


async def _claim(world: World, *, later_s: float = 0.0, in_doubt: bool = False) -> PageRow:
    lease = Lease(owner="x", now=datetime.now(UTC) + timedelta(seconds=later_s), seconds=30)
    take = leases.claim_in_doubt if in_doubt else leases.claim_due
    async with transaction(world.engine) as connection:
        (row,) = await take(connection, lease, limit=1)
    return row


async def test_a_pager_held_up_beyond_its_lease_sends_nothing(world: World) -> None:
    await world.open()
    channel, row = _Accepting(), await _claim(world)
    held_up = Claimed(row, datetime.now(UTC), time.monotonic() - 60)
    assert await _attempts(world, channel)[0].send(held_up) is None
    assert channel.sent == []


async def test_a_late_answer_is_adopted_and_the_later_claim_is_refused(world: World) -> None:
    incident_id, _ = await world.open()
    old = await _claim(world)
    new = await _claim(world, later_s=60, in_doubt=True)
    attempts, journal = _attempts(world, _Accepting())
    step = await attempts.send(Claimed(old, datetime.now(UTC), time.monotonic()))
    assert step is not None
    assert (step.state, step.effect) == (PageState.ACCEPTED, PageEffect.ADOPT)
    not_found = plain(Claimed(new, datetime.now(UTC), time.monotonic()), PageEvent.NOT_FOUND)
    assert await journal.record(new.page_id, not_found, fence=new.fence) is None
    assert (await world.pages(incident_id))[0].state == "accepted"


async def test_somebody_who_left_the_roster_is_a_visible_failure(world: World) -> None:
    incident_id, _ = await world.open()
    row = await _claim(world)
    world.settings = world.settings.model_copy(update={"contacts": (), "teams": {}})
    await _attempts(world, _Accepting())[0].send(Claimed(row, datetime.now(UTC), time.monotonic()))
    page = (await world.pages(incident_id))[0]
    assert (page.state, page.last_error) == ("failed", "unknown_recipient")
