"""Simulated calls: who picks up, which keys are pressed, what is told, and what the ledger says."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta

import pytest

from simulator.carrier.callbacks import signature
from simulator.carrier.calls import Call
from simulator.carrier.carrier import Carrier
from simulator.carrier.ledger import verdict
from simulator.carrier.settings import CarrierSettings, Fault
from tests.simulator.carrier.hook import Hook, hooked, until

PHONE = "+447700900001"
EVERY = frozenset({"initiated", "ringing", "answered", "completed"})
QUICK = {"list_lag_s": 0.0, "dial_after_s": 0.0, "longest_ring_s": 0.05, "hold_s": 0.02}
SAID = "Case K, 7, F, Q. Press 4."
OUTBOUND = f"<Response><!-- #K7FQ-LVO1 --><Say>{SAID}</Say><Hangup/></Response>"


@pytest.fixture
async def hook() -> AsyncIterator[Hook]:
    async with hooked() as listening:
        yield listening


def _settings(phone: dict[str, object] | None = None, **changes: object) -> CarrierSettings:
    person = {"number": PHONE, "ring_after_s": 0.0, "key_after_s": 0.0, **(phone or {})}
    return CarrierSettings.model_validate({**QUICK, "phones": [person], **changes})


def _ring(carrier: Carrier, hook: Hook | None = None, *, ring_s: float = 25.0) -> Call:
    twiml, status = OUTBOUND, ""
    if hook is not None:
        gather = f'<Gather action="{hook.url}/keys?nonce=n&amp;round=1"><Say>{SAID}</Say></Gather>'
        twiml, status = OUTBOUND.replace(f"<Say>{SAID}</Say>", gather), f"{hook.url}/status?nonce=n"
    return carrier.network.accept_call(
        to=PHONE, sender=carrier.settings.number, twiml=twiml, ring_s=ring_s, callback_url=status, events=EVERY,
        fault=Fault.NONE,
    )  # fmt: skip


@pytest.mark.parametrize(
    ("phone", "end", "told"),
    [
        ({"call": "keys"}, "completed", ["initiated", "ringing", "in-progress", "completed"]),
        ({"call": "voicemail"}, "completed", ["initiated", "ringing", "in-progress", "completed"]),
        ({"call": "none"}, "no-answer", ["initiated", "ringing", "no-answer"]),
        ({"call": "busy"}, "busy", ["initiated", "ringing", "busy"]),
        ({"reachable": False}, "failed", ["initiated", "ringing", "failed"]),
    ],
)
async def test_a_call_ends_as_its_phone_does(hook: Hook, phone: dict[str, object], end: str, told: list[str]) -> None:
    async with Carrier(_settings(phone)) as carrier:
        call = _ring(carrier, hook)
        await until(lambda: len(hook.statuses()) == len(told))
    assert (call.status, sorted(hook.statuses())) == (end, sorted(told))


async def test_a_phone_that_rings_longer_than_the_caller_waits_is_not_answered() -> None:
    async with Carrier(_settings({"call": "keys", "ring_after_s": 5.0})) as carrier:
        call = _ring(carrier, ring_s=0.05)
        await until(lambda: call.status == "no-answer")


async def test_a_person_presses_the_key_where_the_call_waits_for_it(hook: Hook) -> None:
    async with Carrier(_settings({"call": "keys"})) as carrier:
        call = _ring(carrier, hook)
        await until(lambda: call.status == "completed")
    (key,) = [each for each in hook.told if "Digits" in each.form]
    token = carrier.settings.auth_token.get_secret_value()
    assert (key.form["Digits"], key.form["CallSid"], key.url) == ("4", call.sid, hook.url + "/keys?nonce=n&round=1")
    assert key.signature == signature(key.url, key.form, token)


async def test_a_person_follows_the_answer_to_the_next_key(hook: Hook) -> None:
    again = f'<Response><Gather action="{hook.url}/keys?nonce=n&amp;round=2"><Say>{SAID}</Say></Gather></Response>'
    hook.answers = [again]
    async with Carrier(_settings({"call": "keys", "key": "*4"})) as carrier:
        call = _ring(carrier, hook)
        await until(lambda: call.status == "completed")
    assert (hook.keys, call.pressed) == (["*", "4"], "*4")
    assert [each.url.rsplit("=", 1)[1] for each in hook.told if "Digits" in each.form] == ["1", "2"]


async def test_a_voicemail_presses_nothing(hook: Hook) -> None:
    async with Carrier(_settings({"call": "voicemail"})) as carrier:
        call = _ring(carrier, hook)
        await until(lambda: call.status == "completed")
    assert (hook.keys, carrier.network.messages) == ([], [])


async def test_where_no_key_is_waited_for_the_person_answers_by_text() -> None:
    async with Carrier(_settings({"call": "keys", "key": "6"})) as carrier:
        _ring(carrier)
        await until(lambda: bool(carrier.network.messages))
    assert [(m.direction, m.body) for m in carrier.network.messages] == [("inbound", "3 K7FQ")]


@pytest.mark.parametrize("faults", [{"forged": 1.0}, {"callback_replayed": 1.0, "replayed_after_s": 0.0}])
async def test_keys_are_forged_and_replayed(hook: Hook, faults: dict[str, float]) -> None:
    async with Carrier(_settings({"call": "keys"}, faults=faults)) as carrier:
        _ring(carrier, hook)
        await until(lambda: len(hook.keys) == (3 if "forged" in faults else 2))
        token = carrier.settings.auth_token.get_secret_value()
        keys = [each for each in hook.told if "Digits" in each.form]
    true = [each for each in keys if each.signature == signature(each.url, each.form, token)]
    believed = [each for each in true if "nonce=n&" in each.url]
    assert len(believed) == (1 if "forged" in faults else 2)


async def test_callbacks_of_a_call_come_reversed(hook: Hook) -> None:
    async with Carrier(_settings({"call": "busy"}, faults={"callbacks_reversed": 1.0})) as carrier:
        call = _ring(carrier, hook)
        await until(lambda: len(hook.statuses()) == 3)
    numbers = {each.form["CallStatus"]: each.form["SequenceNumber"] for each in hook.told}
    assert (call.status, numbers) == ("busy", {"initiated": "0", "ringing": "1", "busy": "2"})


async def test_callbacks_of_a_call_get_lost(hook: Hook) -> None:
    async with Carrier(_settings({"call": "busy"}, faults={"callback_lost": 1.0})) as carrier:
        call = _ring(carrier, hook)
        await until(lambda: call.status == "busy")
        await asyncio.sleep(0.05)
    assert hook.told == []


async def test_the_ledger_tells_a_call_from_a_text_and_counts_a_second_call() -> None:
    async with Carrier(_settings()) as carrier:
        carrier.network.accept(
            to=PHONE, sender=carrier.settings.number, body="x #K7FQ-LVO1", callback_url="", fault=Fault.NONE
        )
        one = verdict(carrier.accepted, [(PHONE, "#K7FQ-LVO1"), (PHONE, "#K7FQ-LVO1", "voice")])
        _ring(carrier)
        both = verdict(carrier.accepted, [(PHONE, "#K7FQ-LVO1"), (PHONE, "#K7FQ-LVO1", "voice")])
        _ring(carrier)
        twice = verdict(carrier.accepted, [])
    assert (one.lost, one.doubled) == (((PHONE, "#K7FQ-LVO1", "voice"),), 0)
    assert (both.accepted, both.lost, both.doubled) == (2, (), 0)
    assert twice.doubled == 1


async def test_the_list_of_calls_lags_as_that_of_messages_does() -> None:
    async with Carrier(_settings(list_lag_s=60.0)) as carrier:
        _ring(carrier)
        now = datetime.now(UTC)
        assert carrier.network.visible_calls(now) == []
        assert len(carrier.network.visible_calls(now + timedelta(seconds=61))) == 1
