"""Several pagers on one database, and the other duties."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest
from prometheus_client import CollectorRegistry
from sqlalchemy import insert, text

from alerting.pager.service import Pager, PagerPorts
from alerting.roster import StaticRoster
from schemas.errors import BadSettings, PeerUnavailable
from schemas.events import PageChanged
from schemas.ids import CaseId
from simulator.carrier.ledger import verdict
from simulator.carrier.settings import Fault, FaultSettings
from store.engine import transaction
from store.tables import case_pathways
from tests.alerting.pager.harness import NEUROLOGIST, World, carrier_settings, paging, until

pytestmark = pytest.mark.integration
MakeWorld = Callable[..., World]


async def test_three_pagers_send_twenty_pages_once_each_through_faults(make_world: MakeWorld) -> None:
    faults = FaultSettings(
        create={Fault.TOO_MANY: 0.15, Fault.ERROR_BEFORE: 0.1, Fault.ERROR_AFTER: 0.1, Fault.RESET_AFTER: 0.1},
        retry_after_s=0.1,
    )
    world = make_world(carrier_settings(faults=faults, seed=7))
    await world.carrier.start()
    async with world.paging(pagers=3):
        opened = [await world.open() for _ in range(20)]
        for incident_id, _ in opened:
            await world.page_reaches(incident_id, "delivered", within_s=20)
    judged = verdict(world.carrier.accepted, [(NEUROLOGIST, f"#{code}-LVO0") for _, code in opened])
    assert (judged.accepted, judged.lost, judged.doubled) == (20, (), 0)


async def test_two_pages_to_one_person_within_seconds_both_go_out(world: World) -> None:
    async with world.paging():
        opened = [await world.open() for _ in range(2)]
        pages = [await world.page_reaches(incident_id, "accepted", "delivered") for incident_id, _ in opened]
    assert all(page.accepted_at and (page.accepted_at - page.created_at).total_seconds() < 5 for page in pages)


class _Failer:
    def __init__(self) -> None:
        self.failed: list[tuple[str, str]] = []

    async def fail_overdue(self, case_id: CaseId, pathway: str, now: datetime) -> None:
        self.failed.append((case_id, pathway))
        if len(self.failed) == 1:
            raise PeerUnavailable("busy")


async def test_an_overdue_case_is_failed_and_one_that_cannot_be_is_tried_again(world: World) -> None:
    incident_id, _ = await world.open()
    case_id = (await world.pages(incident_id))[0].case_id
    past = datetime.now(UTC) - timedelta(seconds=1)
    async with transaction(world.engine) as connection:
        await connection.execute(
            insert(case_pathways).values(
                case_id=case_id, pathway="stroke", eligible=True, lane="urgent", reason="", revision=1,
                deadline=past, requested_at=past,
            )
        )  # fmt: skip
    failer = _Failer()

    async def tried_again() -> bool | None:
        return len(failer.failed) >= 2 or None

    async with world.paging(overdue=failer):
        await until(tried_again)
    assert set(failer.failed) == {(case_id, "stroke")}


async def test_every_duty_of_a_running_pager_is_healthy(world: World) -> None:
    async with world.paging() as (pager,):

        async def healthy() -> bool | None:
            return set(pager.health().values()) == {"ok"} or None

        await until(healthy)
    assert set(pager.health()) == {"escalate", "send", "receipts", "replies", "settle", "withdraw", "count"}


async def test_connections_that_the_store_cuts_are_made_anew(world: World) -> None:
    cut = text(
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
        " WHERE datname = current_database() AND pid <> pg_backend_pid()"
    )
    async with world.paging():
        await world.page_reaches((await world.open())[0], "delivered")
        async with transaction(world.engine) as connection:
            await connection.execute(cut)
        again, _ = await world.open()
        page = await world.page_reaches(again, "delivered")
    assert page.accepted_at is not None
    assert len(world.carrier.accepted) == 2


class _BrokerAway:
    async def publish(self, event: PageChanged, *, event_id: str) -> None:
        await asyncio.sleep(60)


async def test_a_broker_that_is_away_delays_no_page(world: World) -> None:
    world.events = _BrokerAway()  # type: ignore[assignment]
    async with world.paging():
        incident_id, _ = await world.open()
        page = await world.page_reaches(incident_id, "delivered", within_s=3)
    assert page.accepted_at is not None


def test_a_lease_too_short_for_an_attempt_is_refused_by_name(world: World) -> None:
    sms = world.pager()[1]
    ports = PagerPorts(
        engine=world.engine,
        store=world.store,
        channels={"sms": sms},  # type: ignore[dict-item]
        people=StaticRoster(world.settings),
        events=world.events,
    )
    with pytest.raises(BadSettings, match=r"paging\.lease_s"):
        Pager(paging(lease_s=1.0), ports, CollectorRegistry())
