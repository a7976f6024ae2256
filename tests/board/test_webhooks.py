"""The carrier's webhooks: size, signature, nonce, replay; with the carrier library's own signatures."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from datetime import datetime
from functools import partial

import aiohttp
import pytest
from twilio.request_validator import RequestValidator

from alerting.channels.port import ReceiptState
from alerting.channels.twilio.callbacks import MAX_BODY_BYTES, is_signed
from alerting.channels.twilio.settings import TwilioSettings
from alerting.core.keys import KeyOutcome
from alerting.core.speech import ANSWERS, GOODBYE
from alerting.pager.inbound import ReplyResult, StatusCallback
from alerting.pager.keys import KeyPress, KeyResult
from board.app import BoardPorts
from board.settings import BoardSettings
from schemas.errors import PeerUnavailable
from tests.board.builders import NOW, FakeReads
from tests.board.serving import served

TWILIO = TwilioSettings.model_validate(
    {"account_sid": "AC" + "0" * 32, "auth_token": "secret-of-the-test", "from_number": "+4790000000"}
)
PUBLIC = "https://board.example"
SETTINGS = BoardSettings(port=0, public_url=PUBLIC)
STATUS = "/webhooks/twilio/status/page-1/attempt-1?nonce=n0nce"
RECEIPT = {"MessageSid": "SM1", "MessageStatus": "delivered"}
REPLY = {"MessageSid": "SM2", "From": "+4791111111", "Body": "1 K7FQ", "FromCity": ""}


CALL_RECEIPT = {"CallSid": "CA1", "CallStatus": "no-answer"}
KEYS = "/webhooks/twilio/keys/page-1/attempt-1?nonce=n0nce&round=1"
KEY = {"CallSid": "CA1", "Digits": "4", "CallStatus": "in-progress"}
SCRIPT = "This is code stroke. Case K, 7, F, Q. #K7FQ-LVO1"


class FakeInbound:
    def __init__(self) -> None:
        self.keys: list[KeyPress] = []
        self.outcome = KeyOutcome.TAKEN
        self.callbacks: list[StatusCallback] = []
        self.replies: list[tuple[str, str, str]] = []
        self.down = False

    async def record_callback(self, callback: StatusCallback, *, now: datetime) -> bool:
        if self.down:
            raise PeerUnavailable("PostgreSQL (setting store.url) does not answer")
        self.callbacks.append(callback)
        return callback.nonce == "n0nce"

    async def record_reply(self, from_number: str, body: str, *, message_sid: str, now: datetime) -> ReplyResult:
        self.replies.append((from_number, body, message_sid))
        return ReplyResult.ACKNOWLEDGED

    async def record_key(self, press: KeyPress, *, now: datetime) -> KeyResult | None:
        self.keys.append(press)
        return KeyResult(outcome=self.outcome, script=SCRIPT) if press.nonce == "n0nce" else None


@pytest.fixture
def inbound() -> FakeInbound:
    return FakeInbound()


@pytest.fixture
def ports(inbound: FakeInbound) -> BoardPorts:
    reads = FakeReads()
    return BoardPorts(
        reads=reads, wakes=reads.wakes, clock=lambda: NOW, inbound=inbound, signed=partial(is_signed, TWILIO)
    )


def signed(path: str, form: Mapping[str, str], *, base: str = PUBLIC) -> dict[str, str]:
    validator = RequestValidator(TWILIO.auth_token.get_secret_value())
    return {"X-Twilio-Signature": validator.compute_signature(base + path, dict(form))}


async def post(http: aiohttp.ClientSession, path: str, form: Mapping[str, str], headers: Mapping[str, str]) -> int:
    async with http.post(path, data=form, headers=headers) as response:
        return response.status


async def test_a_signed_receipt_is_recorded(ports: BoardPorts, inbound: FakeInbound) -> None:
    async with served(ports, SETTINGS) as http:
        assert await post(http, STATUS, RECEIPT, signed(STATUS, RECEIPT)) == 204
    (callback,) = inbound.callbacks
    assert (callback.page_id, callback.attempt_id, callback.nonce) == ("page-1", "attempt-1", "n0nce")
    assert callback.receipt.status == "delivered"


async def test_a_signed_answer_is_recorded_and_answered_with_silence(ports: BoardPorts, inbound: FakeInbound) -> None:
    path = "/webhooks/twilio/sms"
    async with served(ports, SETTINGS) as http, http.post(path, data=REPLY, headers=signed(path, REPLY)) as response:
        assert (response.status, await response.text()) == (200, "<Response/>")
    assert inbound.replies == [("+4791111111", "1 K7FQ", "SM2")]


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"X-Twilio-Signature": "AAAA"},
        {"X-Twilio-Signature": "\u00e6"},
        signed(STATUS, {**RECEIPT, "MessageStatus": "sent"}),
        signed(STATUS.replace("n0nce", "other"), RECEIPT),
        signed(STATUS, RECEIPT, base="http://board.example"),
        signed(STATUS, RECEIPT, base="https://evil.example"),
    ],
    ids=["none", "short", "not ascii", "other body", "other address", "http for https", "other host"],
)
async def test_what_the_carrier_did_not_sign_is_refused(
    ports: BoardPorts, inbound: FakeInbound, headers: dict[str, str]
) -> None:
    async with served(ports, SETTINGS) as http:
        assert await post(http, STATUS, RECEIPT, headers) == 403
    assert inbound.callbacks == []


async def test_a_forged_host_header_does_not_move_the_signed_address(ports: BoardPorts) -> None:
    headers = {**signed(STATUS, RECEIPT, base="https://evil.example"), "Host": "evil.example"}
    async with served(ports, SETTINGS) as http:
        assert await post(http, STATUS, RECEIPT, headers) == 403


async def test_too_much_is_refused_before_it_is_read(ports: BoardPorts, inbound: FakeInbound) -> None:
    form = {**REPLY, "Body": "x" * MAX_BODY_BYTES}
    path = "/webhooks/twilio/sms"
    async with served(ports, SETTINGS) as http:
        assert await post(http, path, form, signed(path, form)) == 413
    assert inbound.replies == []


async def test_too_much_without_a_declared_length_is_refused_too(ports: BoardPorts) -> None:
    async def chunks() -> AsyncIterator[bytes]:
        for _ in range(20):
            yield b"x" * 1024

    async with served(ports, SETTINGS) as http, http.post(STATUS, data=chunks()) as response:
        assert response.status == 413


@pytest.mark.parametrize("body", [b"\xff\xfe", b"&".join(b"a%d=1" % n for n in range(200))])
async def test_a_body_that_is_no_form_is_refused(ports: BoardPorts, body: bytes) -> None:
    async with served(ports, SETTINGS) as http, http.post(STATUS, data=body) as response:
        assert response.status == 400


async def test_a_signed_receipt_without_its_fields_is_refused(ports: BoardPorts) -> None:
    form = {"MessageSid": "SM1"}
    async with served(ports, SETTINGS) as http:
        assert await post(http, STATUS, form, signed(STATUS, form)) == 400


async def test_a_wrong_nonce_is_refused(ports: BoardPorts) -> None:
    path = STATUS.replace("n0nce", "guess")
    async with served(ports, SETTINGS) as http:
        assert await post(http, path, RECEIPT, signed(path, RECEIPT)) == 403


async def test_an_outage_asks_the_carrier_to_try_again(ports: BoardPorts, inbound: FakeInbound) -> None:
    inbound.down = True
    async with served(ports, SETTINGS) as http:
        assert await post(http, STATUS, RECEIPT, signed(STATUS, RECEIPT)) == 503


async def test_results_are_counted_without_naming_anyone(ports: BoardPorts) -> None:
    async with served(ports, SETTINGS) as http:
        await post(http, STATUS, RECEIPT, {})
    labels = {"kind": "status", "result": "bad_signature"}
    assert ports.registry.get_sample_value("codestroke_board_webhooks_total", labels) == 1


async def _press(ports: BoardPorts, path: str, form: Mapping[str, str] = KEY) -> tuple[int, str, str]:
    async with served(ports, SETTINGS) as http, http.post(path, data=form, headers=signed(path, form)) as response:
        return response.status, await response.text(), response.content_type


async def test_the_receipt_of_a_call_is_recorded(ports: BoardPorts, inbound: FakeInbound) -> None:
    async with served(ports, SETTINGS) as http:
        assert await post(http, STATUS, CALL_RECEIPT, signed(STATUS, CALL_RECEIPT)) == 204
    receipt = inbound.callbacks[0].receipt
    assert (receipt.sid, receipt.state, receipt.status) == ("CA1", ReceiptState.UNDELIVERED, "no-answer")


async def test_a_signed_key_is_recorded_and_thanked_for(ports: BoardPorts, inbound: FakeInbound) -> None:
    status, twiml, kind = await _press(ports, KEYS)
    assert (status, kind) == (200, "text/xml")
    assert (ANSWERS[KeyOutcome.TAKEN] in twiml, "<Hangup" in twiml, "<Gather" in twiml) == (True, True, False)
    (press,) = inbound.keys
    assert (press.page_id, press.attempt_id, press.sid, press.digit, press.round) == (
        "page-1", "attempt-1", "CA1", "4", 1,
    )  # fmt: skip


@pytest.mark.parametrize("outcome", [KeyOutcome.REPEAT, KeyOutcome.NOT_UNDERSTOOD])
async def test_the_script_is_said_again_at_the_signed_public_address(
    ports: BoardPorts, inbound: FakeInbound, outcome: KeyOutcome
) -> None:
    inbound.outcome = outcome
    _, twiml, _ = await _press(ports, KEYS)
    assert PUBLIC + KEYS.replace("round=1", "round=2").replace("&", "&amp;") in twiml
    assert "Case K, 7, F, Q." in twiml
    assert "#K7FQ" not in twiml


@pytest.mark.parametrize("number", ["3", "4", "-1", "x", "", "03"])
async def test_after_the_last_round_the_call_ends(ports: BoardPorts, inbound: FakeInbound, number: str) -> None:
    inbound.outcome = KeyOutcome.REPEAT
    _, twiml, _ = await _press(ports, KEYS.replace("round=1", f"round={number}"))
    assert ("<Gather" in twiml, GOODBYE in twiml) == (False, True)


@pytest.mark.parametrize("path", [KEYS.replace("n0nce", "guess"), KEYS.replace("nonce=n0nce&", "")])
async def test_a_key_with_a_wrong_nonce_is_refused(ports: BoardPorts, path: str) -> None:
    assert (await _press(ports, path))[0] == 403


async def test_a_key_that_the_carrier_did_not_sign_is_refused(ports: BoardPorts, inbound: FakeInbound) -> None:
    async with served(ports, SETTINGS) as http:
        assert await post(http, KEYS, KEY, signed(KEYS, {**KEY, "Digits": "5"})) == 403
        assert await post(http, KEYS, {"CallSid": "CA1"}, signed(KEYS, {"CallSid": "CA1"})) == 400
    assert inbound.keys == []
