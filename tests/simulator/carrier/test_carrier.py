"""The simulated carrier: lag, faults, people, callbacks and its ledger."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from datetime import UTC, datetime

import aiohttp
import pytest
from aiohttp import web

from simulator.carrier.callbacks import signature
from simulator.carrier.carrier import Carrier
from simulator.carrier.faults import FaultPlan
from simulator.carrier.ledger import Ledger, verdict
from simulator.carrier.messages import Message
from simulator.carrier.settings import CarrierSettings, Fault, FaultSettings, PhoneSettings

PHONE = "+447700900001"
NOW = datetime(2026, 3, 1, tzinfo=UTC)
QUICK = {"list_lag_s": 0.0, "sent_after_s": 0.0, "delivered_after_s": 0.05}
TEXT = "CODESTROKE. Case K7FQ. Reply 1 K7FQ = I take it. #K7FQ-LVO0"


def _message(body: str = TEXT, to: str = PHONE) -> Message:
    return Message(
        account_sid="AC" + "0" * 32, sender="+1", to=to, body=body, direction="outbound-api", status="queued",
        created_at=NOW, visible_at=NOW,
    )  # fmt: skip


class Webhook:
    """Keeps the signed calls it gets."""

    def __init__(self) -> None:
        self.calls: list[tuple[str, dict[str, str], str]] = []
        self.url = ""

    async def take(self, request: web.Request) -> web.Response:
        form = {name: str(value) for name, value in (await request.post()).items()}
        self.calls.append((str(request.url), form, request.headers["X-Twilio-Signature"]))
        return web.Response(status=204)


@pytest.fixture
async def webhook() -> AsyncIterator[Webhook]:
    hook, app = Webhook(), web.Application()
    app.router.add_post("/{tail:.*}", hook.take)
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    hook.url = f"http://127.0.0.1:{runner.addresses[0][1]}"
    yield hook
    await runner.cleanup()


async def _until(fact: Callable[[], bool]) -> None:
    for _ in range(500):
        if fact():
            return
        await asyncio.sleep(0.01)
    raise AssertionError("did not happen within 5 s")


async def _post(carrier: Carrier, **fields: str) -> tuple[int, dict[str, object]]:
    settings = carrier.settings
    url = f"{carrier.url}/2010-04-01/Accounts/{settings.account_sid}/Messages.json"
    form = {"To": PHONE, "From": settings.number, "Body": TEXT, **fields}
    token = aiohttp.encode_basic_auth(settings.account_sid, settings.auth_token.get_secret_value())
    async with (
        aiohttp.ClientSession() as session,
        session.post(url, data=form, headers={"Authorization": token}) as answer,
    ):
        return answer.status, await answer.json(content_type=None)


async def test_statuses_are_called_back_in_order_and_signed(webhook: Webhook) -> None:
    async with Carrier(CarrierSettings.model_validate(QUICK)) as carrier:
        await _post(carrier, StatusCallback=webhook.url + "/status?nonce=1")
        await _until(lambda: len(webhook.calls) == 2)
    assert [form["MessageStatus"] for _, form, _ in webhook.calls] == ["sent", "delivered"]
    token = carrier.settings.auth_token.get_secret_value()
    assert all(signed == signature(url, form, token) for url, form, signed in webhook.calls)


@pytest.mark.parametrize(
    ("fault", "statuses"),
    [
        ("callback_lost", []),
        ("callback_twice", ["delivered", "delivered", "sent", "sent"]),
        ("callbacks_reversed", ["delivered", "sent"]),
    ],
)
async def test_callbacks_get_lost_doubled_or_reversed(webhook: Webhook, fault: str, statuses: list[str]) -> None:
    async with Carrier(CarrierSettings.model_validate({**QUICK, "faults": {fault: 1.0}})) as carrier:
        await _post(carrier, StatusCallback=webhook.url + "/status")
        await asyncio.sleep(0.3)
    assert sorted(form["MessageStatus"] for _, form, _ in webhook.calls) == sorted(statuses)


async def test_a_person_answers_with_the_code_of_the_page(webhook: Webhook) -> None:
    phone = PhoneSettings(number=PHONE, answer="1 {code}", answer_after_s=0.05)
    settings = CarrierSettings.model_validate({**QUICK, "phones": [phone], "sms_webhook_url": webhook.url + "/sms"})
    async with Carrier(settings) as carrier:
        await _post(carrier)
        await _until(lambda: bool(webhook.calls))
    form = webhook.calls[0][1]
    assert (form["From"], form["To"], form["Body"]) == (PHONE, settings.number, "1 K7FQ")


async def test_a_phone_that_opted_out_is_refused_as_twilio_does() -> None:
    async with Carrier(CarrierSettings.model_validate(QUICK)) as carrier:
        carrier.network.receive(sender=PHONE, body="Stop")
        status, body = await _post(carrier)
    assert (status, body["code"]) == (400, 21610)


async def test_the_ledger_is_shown_and_counts_what_came_twice() -> None:
    async with Carrier(CarrierSettings.model_validate(QUICK)) as carrier:
        for _ in range(2):
            await _post(carrier)
        async with aiohttp.ClientSession() as session, session.get(carrier.url + "/_ledger") as answer:
            shown = await answer.json()
    assert shown["doubled"] == 1
    assert [entry["reference"] for entry in shown["accepted"]] == ["#K7FQ-LVO0"] * 2


async def test_the_page_of_phones_is_served_with_its_data() -> None:
    settings = CarrierSettings.model_validate({**QUICK, "phones": [{"number": PHONE, "name": "Ann"}]})
    async with Carrier(settings) as carrier, aiohttp.ClientSession() as session:
        await _post(carrier)
        async with session.get(carrier.url + "/") as answer:
            assert "not a medical device" in await answer.text()
        async with session.get(carrier.url + "/_phones") as answer:
            phones = (await answer.json())["phones"]
    assert [(phone["name"], phone["messages"][0]["body"]) for phone in phones] == [("Ann", TEXT)]


async def test_a_person_can_type_into_a_phone() -> None:
    settings = CarrierSettings.model_validate({**QUICK, "phones": [{"number": PHONE}]})
    async with Carrier(settings) as carrier, aiohttp.ClientSession() as session:
        for number, status in ((PHONE, 201), ("+447700900099", 404)):
            async with session.post(f"{carrier.url}/_phones/{number}/answer", data={"body": "1 K7FQ"}) as answer:
                assert answer.status == status
    assert [(message.direction, message.body) for message in carrier.network.messages] == [("inbound", "1 K7FQ")]


async def test_a_stranger_is_not_let_in() -> None:
    async with Carrier(CarrierSettings()) as carrier, aiohttp.ClientSession() as session:
        url = f"{carrier.url}/2010-04-01/Accounts/{carrier.settings.account_sid}/Messages.json"
        async with session.get(url) as answer:
            assert (answer.status, (await answer.json())["code"]) == (401, 20003)


def test_lost_and_doubled_are_judged_by_phone_and_mark() -> None:
    ledger = Ledger()
    for body, to in ((TEXT, PHONE), (TEXT, PHONE), (TEXT, "+447700900002")):
        ledger.append(_message(body, to), Fault.NONE)
    judged = verdict(ledger.entries, [(PHONE, "#K7FQ-LVO0"), (PHONE, "#2222-AAA0")])
    assert (judged.accepted, judged.lost, judged.doubled) == (3, ((PHONE, "#2222-AAA0"),), 1)


def test_the_same_seed_draws_the_same_faults() -> None:
    settings = FaultSettings(create={Fault.TOO_MANY: 0.3, Fault.ERROR_AFTER: 0.3})
    drawn = [[FaultPlan(settings, seed).next_create() for _ in range(1)] for seed in range(30)]
    assert drawn == [[FaultPlan(settings, seed).next_create() for _ in range(1)] for seed in range(30)]
    assert {fault for row in drawn for fault in row} == {Fault.NONE, Fault.TOO_MANY, Fault.ERROR_AFTER}


def test_scripted_faults_come_first() -> None:
    plan = FaultPlan(FaultSettings(script=(Fault.RESET_AFTER, Fault.TOO_MANY)), 0)
    assert [plan.next_create() for _ in range(3)] == [Fault.RESET_AFTER, Fault.TOO_MANY, Fault.NONE]


@pytest.mark.parametrize(("fault", "code"), [("full_numbers", 21611), ("barred_numbers", 21606)])
async def test_a_number_of_the_pool_can_be_full_or_barred(fault: str, code: int) -> None:
    first, second = CarrierSettings().number, "+15005550007"
    settings = CarrierSettings.model_validate({**QUICK, "numbers": [second], "faults": {fault: [first]}})
    async with Carrier(settings) as carrier:
        assert (await _post(carrier))[1]["code"] == code
        assert (await _post(carrier, From=second))[0] == 201


async def test_somebody_who_opts_in_again_gets_messages() -> None:
    async with Carrier(CarrierSettings.model_validate(QUICK)) as carrier:
        for word in ("STOP", "start"):
            carrier.network.receive(sender=PHONE, body=word)
        assert (await _post(carrier))[0] == 201
