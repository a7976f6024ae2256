"""The settle time follows the provider's list lag: one that grows during the run doubles no page."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from prometheus_client import CollectorRegistry
from sqlalchemy.ext.asyncio import AsyncEngine

from alerting.pager.clock import SteadyClock
from alerting.pager.metrics import PagerMetrics
from alerting.pager.settling import Settling
from simulator.carrier.settings import Fault, FaultSettings
from store import lags
from store.engine import transaction
from tests.alerting.pager.harness import World, carrier_settings, paging, until

pytestmark = pytest.mark.integration
BEFORE_S, AFTER_S = 0.1, 1.4


async def _seen(world: World, count: int) -> bool | None:
    async with transaction(world.engine) as connection:
        found = await lags.recent(connection)
    return len(found.get("sms", ())) >= count or None


def _grow(world: World) -> None:
    network = world.carrier.network
    network.settings = network.settings.model_copy(update={"list_lag_s": AFTER_S})


async def _lag_grows(world: World) -> int:
    """Two pages before, two after the list has become slow, then one whose answer is lost; messages beyond one each."""
    await world.carrier.start()
    async with world.paging():
        for count in (2, 4):
            for _ in range(2):
                incident_id, _ = await world.open()
                await world.page_reaches(incident_id, "delivered")
            if world.settings.learn_settle:
                await until(lambda known=count: _seen(world, known))  # type: ignore[misc]
            _grow(world)
        incident_id, _ = await world.open()
        await world.page_reaches(incident_id, "accepted", "delivered", within_s=15)
    return len(world.carrier.accepted) - 5


@pytest.mark.parametrize(("learn", "doubled"), [(True, 0), (False, 1)])
async def test_a_lag_that_grows_doubles_no_page_where_it_is_learnt(
    make_world: Callable[..., World], learn: bool, doubled: int
) -> None:
    script = (*[Fault.NONE] * 4, Fault.ERROR_AFTER)
    carrier = carrier_settings(faults=FaultSettings(script=script), list_lag_s=BEFORE_S)
    world = make_world(carrier, learn_settle=learn, lease_s=12.0)
    assert await _lag_grows(world) == doubled


async def test_what_one_pager_saw_counts_for_the_next(engine: AsyncEngine) -> None:
    settings, clock, metrics = paging(), SteadyClock(), PagerMetrics(CollectorRegistry())
    async with transaction(engine) as connection:
        now = await clock.now(connection)
        await lags.add(connection, "sms", lags.Lag(2.0, seen=True), now=now)
    learnt = Settling(engine, settings, clock, metrics)
    assert learnt.settle_s("sms") == settings.settle_s
    await learnt.round()
    assert learnt.settle_s("sms") == pytest.approx(6.0)
    assert learnt.settle_s("voice") == settings.settle_s


async def test_measuring_ends_with_the_pager(make_world: Callable[..., World]) -> None:
    world = make_world(carrier_settings(list_lag_s=60))
    await world.carrier.start()
    async with world.paging() as (pager,):
        incident_id, _ = await world.open()
        await world.page_reaches(incident_id, "delivered")
        assert pager._settling.measuring == 1
    assert pager._settling.measuring == 0
