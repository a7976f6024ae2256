"""Whatever the provider does to an attempt: the page is accepted once, by the carrier's own ledger."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime

import pytest

from simulator.carrier.carrier import Carrier
from simulator.carrier.ledger import verdict
from simulator.carrier.settings import Fault, FaultSettings, PhoneSettings
from tests.alerting.pager.harness import NEUROLOGIST, World, callback, carrier_settings, until

pytestmark = pytest.mark.integration
MakeWorld = Callable[..., World]


def _faulty(*script: Fault, **more: object) -> FaultSettings:
    return FaultSettings.model_validate({"script": script, "hang_s": 2.0, "retry_after_s": 0.2, **more})


def judged(carrier: Carrier, reference: str) -> tuple[int, int]:
    """Pages lost and doubled."""
    judgement = verdict(carrier.accepted, [(NEUROLOGIST, f"#{reference}-LVO0")])
    return len(judgement.lost), judgement.doubled


@pytest.mark.parametrize("fault", [fault for fault in Fault if fault is not Fault.NONE])
async def test_one_fault_neither_loses_nor_doubles_a_page(make_world: MakeWorld, fault: Fault) -> None:
    world = make_world(carrier_settings(faults=_faulty(fault)))
    world.timeout_s = 0.5
    await world.carrier.start()
    async with world.paging():
        incident_id, reference = await world.open()
        page = await world.page_reaches(incident_id, "delivered")
    assert judged(world.carrier, reference) == (0, 0)
    assert not page.possible_duplicate
    assert page.tries == (1 if fault.accepts else 2)


async def test_a_storm_of_refusals_ends_in_one_page(make_world: MakeWorld) -> None:
    world = make_world(carrier_settings(faults=_faulty(*[Fault.TOO_MANY] * 3)))
    await world.carrier.start()
    async with world.paging():
        incident_id, reference = await world.open()
        page = await world.page_reaches(incident_id, "delivered", within_s=12)
    assert judged(world.carrier, reference) == (0, 0)
    assert page.tries == 4


async def test_a_look_up_that_fails_past_its_budget_fails_open_and_says_so(make_world: MakeWorld) -> None:
    world = make_world(carrier_settings(faults=_faulty(Fault.ERROR_AFTER, list_error=1.0)), lookup_budget_s=0.5)
    await world.carrier.start()
    async with world.paging():
        incident_id, reference = await world.open()
        page = await world.page_reaches(incident_id, "delivered", within_s=12)
    assert page.possible_duplicate
    assert judged(world.carrier, reference) == (0, 1)


async def test_a_settle_time_below_the_list_lag_doubles(make_world: MakeWorld) -> None:
    """The harness must see the fault that the settle time exists for."""
    world = make_world(carrier_settings(faults=_faulty(Fault.ERROR_AFTER), list_lag_s=1.5), settle_s=0.1)
    await world.carrier.start()
    async with world.paging():
        incident_id, reference = await world.open()
        await world.page_reaches(incident_id, "delivered", within_s=12)
    assert judged(world.carrier, reference) == (0, 1)


async def test_a_callback_ends_the_doubt_before_the_look_up(make_world: MakeWorld) -> None:
    world = make_world(carrier_settings(faults=_faulty(Fault.ERROR_AFTER)), settle_s=30.0, lease_s=40.0)
    await world.carrier.start()
    async with world.paging() as (pager,):
        incident_id, reference = await world.open()

        async def doubted() -> bool | None:
            return True if (await world.pages(incident_id))[0].last_error == "status_500" else None

        await until(doubted)
        called = await callback(world, incident_id, "sent", sid=world.carrier.accepted[0].sid)
        assert await pager.inbound.record_callback(called, now=datetime.now(UTC))
        page = await world.page_reaches(incident_id, "accepted", "delivered", within_s=3)
    assert judged(world.carrier, reference) == (0, 0)
    assert page.tries == 1


async def test_a_bad_number_fails_at_once_and_visibly(make_world: MakeWorld) -> None:
    world = make_world(carrier_settings())
    await world.carrier.start()
    world.carrier.network.opted_out.add(NEUROLOGIST)
    async with world.paging():
        incident_id, _ = await world.open()
        page = await world.page_reaches(incident_id, "failed")
    assert (page.last_error, page.tries) == ("opted_out", 1)
    assert world.carrier.accepted == ()


async def test_an_unreachable_phone_ends_as_failed(make_world: MakeWorld) -> None:
    phone = PhoneSettings(number=NEUROLOGIST, reachable=False)
    world = make_world(carrier_settings(phones=[phone]))
    await world.carrier.start()
    async with world.paging():
        incident_id, _ = await world.open()
        page = await world.page_reaches(incident_id, "failed")
    assert page.last_error == "undelivered_30003"
    assert page.accepted_at is not None


async def test_a_carrier_that_is_away_delays_the_page_only(make_world: MakeWorld) -> None:
    world = make_world(carrier_settings())
    await world.carrier.start()
    port = int(world.carrier.url.rsplit(":", 1)[1])
    await world.carrier.stop()
    async with world.paging():
        incident_id, reference = await world.open()

        async def tried() -> bool | None:
            return True if (await world.pages(incident_id))[0].last_error == "no_connection" else None

        await until(tried)
        async with Carrier(world.carrier.settings.model_copy(update={"port": port})) as back:
            page = await world.page_reaches(incident_id, "accepted", "delivered", within_s=12)
            assert judged(back, reference) == (0, 0)
    assert page.tries >= 2
