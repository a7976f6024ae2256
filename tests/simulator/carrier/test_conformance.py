"""Every call of the pager and every answer of the carrier, judged by Twilio's own OpenAPI document.

The judge is the independent library openapi-core; the calls are made by the real ``twilio`` library.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from aiohttp import web
from aiohttp.typedefs import Handler
from openapi_core import OpenAPI
from openapi_core.datatypes import RequestParameters
from openapi_core.exceptions import OpenAPIError
from werkzeug.datastructures import Headers, ImmutableMultiDict

from alerting.channels.port import Outbound
from alerting.channels.twilio.settings import TwilioSettings
from alerting.channels.twilio.sms import TwilioSms
from alerting.channels.twilio.voice import TwilioVoice
from alerting.core.sending import SendKind
from simulator.carrier.carrier import Carrier
from simulator.carrier.settings import CarrierSettings, PhoneCall, PhoneSettings

PHONE = "+447700900001"
SECOND = "+15005550007"
NOW = datetime.now(UTC)


@dataclass
class Call:
    """A request and its answer in the form that openapi-core reads."""

    method: str
    path: str
    parameters: RequestParameters
    content_type: str
    body: bytes | None
    host_url: str = "https://api.twilio.com"


@dataclass
class Answer:
    status_code: int
    data: bytes
    content_type: str = "application/json"
    headers: dict[str, str] = field(default_factory=dict)


@dataclass
class Wire:
    calls: list[tuple[Call, Answer]] = field(default_factory=list)

    @property
    def names(self) -> list[str]:
        return [f"{call.method} {call.path.rsplit('/', 1)[1][:8]}" for call, _ in self.calls]


@pytest.fixture(scope="module")
def document(data_dir: Path) -> OpenAPI:
    return OpenAPI.from_dict(json.loads((data_dir / "specs" / "twilio_api_v2010.json").read_text()))


@pytest.fixture
def wire() -> Wire:
    return Wire()


@pytest.fixture
async def carrier(wire: Wire) -> AsyncIterator[Carrier]:
    @web.middleware
    async def watch(request: web.Request, handler: Handler) -> web.StreamResponse:
        body = await request.read()
        answer = await handler(request)
        assert isinstance(answer, web.Response)
        parameters = RequestParameters(query=ImmutableMultiDict(request.query), header=Headers(request.headers))
        call = Call(request.method.lower(), request.path, parameters, request.content_type, body or None)
        wire.calls.append((call, Answer(answer.status, answer.body if isinstance(answer.body, bytes) else b"")))
        return answer

    phone = PhoneSettings(number=PHONE, answer_after_s=0.0, call=PhoneCall.VOICEMAIL, ring_after_s=0.0)
    quick = {"list_lag_s": 0.0, "sent_after_s": 0.0, "delivered_after_s": 0.0, "dial_after_s": 0.0, "hold_s": 0.0}
    settings = CarrierSettings.model_validate({"phones": (phone,), "numbers": [SECOND], **quick})
    async with Carrier(settings, middlewares=[watch]) as running:
        yield running


def _account(carrier: Carrier) -> TwilioSettings:
    return TwilioSettings(
        account_sid=carrier.settings.account_sid,
        auth_token=carrier.settings.auth_token,
        from_number=carrier.settings.number,
        from_numbers=(SECOND,),
        base_url=carrier.url,
    )


@pytest.fixture
async def sms(carrier: Carrier) -> AsyncIterator[TwilioSms]:
    channel = TwilioSms(_account(carrier), callback_base="http://127.0.0.1:9")
    yield channel
    await channel.close()


@pytest.fixture(params=["http://127.0.0.1:9", None], ids=["webhook", "outbound_only"])
async def voice(carrier: Carrier, request: pytest.FixtureRequest) -> AsyncIterator[TwilioVoice]:
    channel = TwilioVoice(_account(carrier), callback_base=request.param)
    yield channel
    await channel.close()


def _call(to: str = PHONE) -> Outbound:
    body = "This is code stroke. Case K, 7, F, Q. #K7FQ-LVO1"
    return Outbound(page_id="p", attempt_id="a", nonce="n", to=to, body=body, created_at=NOW)


def _page(to: str = PHONE) -> Outbound:
    body = "CODESTROKE: LVO suspected. Case K7FQ. Reply 1 K7FQ = I take it. #K7FQ-LVO0"
    return Outbound(page_id="p", attempt_id="a", nonce="n", to=to, body=body, created_at=NOW)


def _check(document: OpenAPI, wire: Wire) -> None:
    for call, answer in wire.calls:
        document.validate_request(call)
        document.validate_response(call, answer)


async def test_send_find_receipt_and_inbox_conform(document: OpenAPI, wire: Wire, sms: TwilioSms) -> None:
    outcome = await sms.send(_page())
    assert outcome.kind is SendKind.ACCEPTED
    (found,) = await sms.find(_page())
    assert found.sid == outcome.sid
    await sms.receipt(found.sid)
    await sms.received(NOW - timedelta(minutes=5))
    assert wire.names == ["post Messages", "get Messages", f"get {found.sid[:8]}", *["get Messages"] * 2]
    _check(document, wire)


async def test_a_call_its_look_up_and_its_receipt_conform(document: OpenAPI, wire: Wire, voice: TwilioVoice) -> None:
    outcome = await voice.send(_call())
    assert outcome.kind is SendKind.ACCEPTED
    (found,) = await voice.find(_call())
    assert found.sid == outcome.sid
    await _until_delivered(voice, found.sid)
    assert set(wire.names) == {"post Calls.js", "get Calls.js", f"get {found.sid[:8]}"}
    _check(document, wire)


async def _until_delivered(voice: TwilioVoice, sid: str) -> None:
    for _ in range(200):
        if (await voice.receipt(sid)).status == "completed":
            return
        await asyncio.sleep(0.01)
    raise AssertionError("the call did not end")


async def test_an_error_answer_conforms_to_no_schema_but_is_read(wire: Wire, voice: TwilioVoice) -> None:
    outcome = await voice.send(_call(to="12"))
    assert (outcome.kind, outcome.reason) == (SendKind.PERMANENT, "bad_number")
    assert wire.calls[0][1].status_code == 400


async def test_the_judge_can_refuse(document: OpenAPI, wire: Wire, sms: TwilioSms) -> None:
    await sms.send(_page())
    call, answer = wire.calls[0]
    broken = Answer(answer.status_code, answer.data.replace(b'"queued"', b'"teleported"'))
    with pytest.raises(OpenAPIError):
        document.validate_response(call, broken)


async def test_what_the_provider_refuses_for_good_is_refused_by_its_code(sms: TwilioSms) -> None:
    outcome = await sms.send(_page(to="12"))
    assert (outcome.kind, outcome.reason) == (SendKind.PERMANENT, "bad_number")


async def test_an_answer_of_a_person_comes_through_the_inbox(carrier: Carrier, sms: TwilioSms) -> None:
    carrier.network.receive(sender=PHONE, body="1 K7FQ")
    texts = await sms.received(NOW - timedelta(minutes=5))
    assert [(text.sender, text.body) for text in texts] == [(PHONE, "1 K7FQ")]
    assert await sms.received(datetime.now(UTC) + timedelta(minutes=5)) == []


async def test_our_own_numbers_are_never_paged(wire: Wire, sms: TwilioSms, voice: TwilioVoice) -> None:
    for number in (SECOND, CarrierSettings().number):
        outcomes = [await sms.send(_page(to=number)), await voice.send(_call(to=number))]
        assert [(outcome.kind, outcome.reason) for outcome in outcomes] == [(SendKind.PERMANENT, "own_number")] * 2
    assert wire.calls == []


async def test_answers_to_every_number_of_the_pool_are_read(carrier: Carrier, sms: TwilioSms) -> None:
    for number, body in ((SECOND, "first"), (carrier.settings.number, "second")):
        carrier.network.receive(sender=PHONE, body=body, to=number)
    assert {text.body for text in await sms.received(NOW - timedelta(minutes=5))} == {"first", "second"}


async def test_the_provider_is_told_where_to_call_about_this_attempt(carrier: Carrier, sms: TwilioSms) -> None:
    await sms.send(_page())
    assert carrier.network.messages[0].callback_url == "http://127.0.0.1:9/webhooks/twilio/status/p/a?nonce=n"
