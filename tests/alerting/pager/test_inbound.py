"""Receipts and answers: each counts once, moves forward only, and must come from the right person."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime

import pytest
from sqlalchemy import select

from alerting.channels.port import ReceiptState
from alerting.channels.twilio.statuses import receipt_of
from alerting.pager.inbound import ReplyResult
from simulator.carrier.settings import PhoneSettings
from store import incidents
from store.engine import transaction
from store.outbox import PageTimes
from store.tables import page_events, page_outbox
from tests.alerting.pager.harness import (
    NEUROLOGIST,
    VASCULAR,
    World,
    callback,
    carrier_settings,
    open_second_incident,
    until,
)

pytestmark = pytest.mark.integration
MakeWorld = Callable[..., World]
NOW = datetime(2026, 3, 1, tzinfo=UTC)


async def _acknowledged(world: World, incident_id: str) -> PageTimes:
    async def fact() -> PageTimes | None:
        page = (await world.pages(incident_id))[0]
        return page if page.acknowledged_at else None

    return await until(fact)


async def test_an_answer_by_text_message_acknowledges_without_any_port_of_ours(make_world: MakeWorld) -> None:
    phone = PhoneSettings(number=NEUROLOGIST, answer="1 {code}", answer_after_s=0.2)
    world = make_world(carrier_settings(phones=[phone]))
    await world.carrier.start()
    async with world.paging():
        incident_id, _ = await world.open()
        page = await _acknowledged(world, incident_id)
    assert page.accepted_at is not None
    assert page.acknowledged_at is not None
    assert page.accepted_at < page.acknowledged_at


@pytest.mark.parametrize(
    ("sender", "body", "result"),
    [
        (NEUROLOGIST, "1 {code}", ReplyResult.ACKNOWLEDGED),
        (NEUROLOGIST, "1 2222", ReplyResult.UNKNOWN_CODE),
        (VASCULAR, "1 {code}", ReplyResult.NOT_PAGED),
        ("+447700900099", "1 {code}", ReplyResult.UNKNOWN_SENDER),
        (NEUROLOGIST, "1", ReplyResult.CODE_MISSING),
        (NEUROLOGIST, "hello", ReplyResult.NOT_UNDERSTOOD),
        (NEUROLOGIST, "2 {code}", ReplyResult.ESCALATED),
        (NEUROLOGIST, "3 {code}", ReplyResult.DECLINED),
        (NEUROLOGIST, "STOP", ReplyResult.OPTED_OUT),
    ],
)
async def test_only_the_right_answer_acknowledges(world: World, sender: str, body: str, result: ReplyResult) -> None:
    async with world.paging() as (pager,):
        incident_id, code = await world.open()
        await world.page_reaches(incident_id, "delivered")
        given = await pager.inbound.record_reply(sender, body.format(code=code), message_sid="SM1", now=NOW)
    assert given is result
    page = (await world.pages(incident_id))[0]
    assert (page.acknowledged_at is not None) == (result is ReplyResult.ACKNOWLEDGED)


async def test_an_answer_counts_once_and_a_later_one_is_recorded(world: World) -> None:
    async with world.paging() as (pager,):
        incident_id, code = await world.open()
        await world.page_reaches(incident_id, "delivered")
        results = [
            await pager.inbound.record_reply(NEUROLOGIST, f"1 {code}", message_sid=sid, now=NOW)
            for sid in ("SM1", "SM1", "SM2")
        ]
    assert results == [ReplyResult.ACKNOWLEDGED, ReplyResult.REPEATED, ReplyResult.ACKNOWLEDGED]


async def test_no_text_and_no_number_is_kept_of_an_answer(world: World) -> None:
    pager, sms = world.pager()
    await pager.inbound.record_reply(NEUROLOGIST, "call me, patient Jane Doe", message_sid="SM1", now=NOW)
    await sms.close()
    async with transaction(world.engine) as connection:
        detail = (
            await connection.execute(select(page_events.c.detail).where(page_events.c.kind == "reply"))
        ).scalar_one()
    assert detail == {"result": "not_understood", "kind": "not_understood", "who": ["neuro-1"]}


async def test_a_page_that_waits_is_cancelled_by_the_acknowledgement(world: World) -> None:
    incident_id, code = await world.open()
    pager, sms = world.pager()
    await _first_attempt_failed(world, incident_id)
    assert (
        await pager.inbound.record_reply(NEUROLOGIST, f"1 {code}", message_sid="SM1", now=NOW)
        is ReplyResult.ACKNOWLEDGED
    )
    await sms.close()
    assert (await world.pages(incident_id))[0].state == "cancelled"
    assert world.carrier.accepted == ()


async def test_one_answer_acknowledges_all_findings_of_its_case(world: World) -> None:
    async with world.paging() as (pager,):
        incident_id, code = await world.open()
        other_id = await open_second_incident(world, incident_id)
        for each in (incident_id, other_id):
            await world.page_reaches(each, "delivered")
        await pager.inbound.record_reply(NEUROLOGIST, f"1 {code}", message_sid="SM1", now=NOW)
    assert len({entry.reference for entry in world.carrier.accepted}) == 2
    assert all([(await world.pages(each))[0].acknowledged_at == NOW for each in (incident_id, other_id)])


async def test_a_pager_closes_what_waits_for_an_acknowledged_incident(world: World) -> None:
    incident_id, _ = await world.open()
    async with transaction(world.engine) as connection:
        await incidents.change(connection, incident_id, state="acknowledged", acknowledged_at=NOW)
    async with world.paging():
        await world.page_reaches(incident_id, "cancelled")
    assert world.carrier.accepted == ()


async def _first_attempt_failed(world: World, incident_id: str) -> None:
    async with transaction(world.engine) as connection:
        await connection.execute(page_outbox.update().where(page_outbox.c.incident_id == incident_id).values(tries=1))


async def test_reversed_and_repeated_callbacks_only_move_forward(world: World) -> None:
    incident_id, _ = await world.open()
    pager, sms = world.pager()
    for status in ("delivered", "sent", "delivered", "queued"):
        assert await pager.inbound.record_callback(await callback(world, incident_id, status), now=NOW)
    await sms.close()
    page = (await world.pages(incident_id))[0]
    assert page.state == "delivered"
    assert page.accepted_at == page.delivered_at == NOW
    async with transaction(world.engine) as connection:
        of_pages = select(page_events.c.kind).where(page_events.c.page_id.is_not(None)).order_by(page_events.c.seq)
        kinds = (await connection.execute(of_pages)).scalars().all()
    assert kinds == ["delivered", "accepted", "accepted"]


async def test_a_callback_before_the_answer_of_the_provider_is_adopted(world: World) -> None:
    incident_id, _ = await world.open()
    pager, sms = world.pager()
    assert await pager.inbound.record_callback(await callback(world, incident_id, "queued"), now=NOW)
    await sms.close()
    assert (await world.pages(incident_id))[0].state == "accepted"


async def test_a_callback_with_a_wrong_nonce_is_refused(world: World) -> None:
    incident_id, _ = await world.open()
    pager, sms = world.pager()
    assert not await pager.inbound.record_callback(
        await callback(world, incident_id, "delivered", nonce="guessed"), now=NOW
    )
    await sms.close()
    assert (await world.pages(incident_id))[0].state == "pending"


async def test_a_second_message_of_one_page_is_flagged(world: World) -> None:
    async with world.paging() as (pager,):
        incident_id, _ = await world.open()
        await world.page_reaches(incident_id, "delivered")
        assert await pager.inbound.record_callback(await callback(world, incident_id, "sent"), now=NOW)
    assert (await world.pages(incident_id))[0].possible_duplicate


def test_a_status_that_we_do_not_know_proves_acceptance_only() -> None:
    assert receipt_of("SM1", "teleported", "30003").state is ReceiptState.ON_ITS_WAY
    assert receipt_of("SM1", "undelivered", "30003").error_code == 30003
