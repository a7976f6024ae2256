"""A message moves on to another sender of the pool where its own is refused; against the carrier."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from alerting.channels.port import Outbound
from alerting.channels.twilio.senders import Senders
from alerting.channels.twilio.settings import TwilioSettings
from alerting.channels.twilio.sms import TwilioSms
from alerting.channels.twilio.voice import TwilioVoice
from alerting.core.sending import SendKind
from simulator.carrier.carrier import Carrier
from simulator.carrier.settings import CarrierSettings

FIRST, SECOND, TO = "+15005550006", "+15005550007", "+447700900001"
NOW = datetime.now(UTC)
PAGE = Outbound(page_id="p", attempt_id="a", nonce="n", to=TO, body="Words. #K7FQ-LVO0", created_at=NOW)
QUICK = {"list_lag_s": 0.0, "longest_ring_s": 0.0}


@pytest.fixture(params=["full_numbers", "barred_numbers"])
async def carrier(request: pytest.FixtureRequest) -> AsyncIterator[Carrier]:
    faults = {request.param: [FIRST]}
    async with Carrier(CarrierSettings.model_validate({**QUICK, "numbers": [SECOND], "faults": faults})) as running:
        yield running


def _account(carrier: Carrier) -> TwilioSettings:
    return TwilioSettings(
        account_sid=carrier.settings.account_sid,
        auth_token=carrier.settings.auth_token,
        from_number=FIRST,
        from_numbers=(SECOND,),
        base_url=carrier.url,
    )


def test_the_person_of_these_tests_belongs_to_the_sender_that_does_not_work() -> None:
    assert Senders((FIRST, SECOND)).pick(TO) == FIRST


async def test_a_text_goes_out_from_the_sender_that_works(carrier: Carrier) -> None:
    sms = TwilioSms(_account(carrier))
    outcomes = [await sms.send(PAGE) for _ in range(2)]
    (found,) = await sms.find(PAGE)
    await sms.close()
    assert [outcome.kind for outcome in outcomes] == [SendKind.RETRY_SAFE, SendKind.ACCEPTED]
    assert ([message.sender for message in carrier.network.messages], found.sid) == ([SECOND], outcomes[1].sid)


async def test_a_call_goes_out_from_a_number_that_is_not_barred() -> None:
    settings = CarrierSettings.model_validate({**QUICK, "numbers": [SECOND], "faults": {"barred_numbers": [FIRST]}})
    async with Carrier(settings) as carrier:
        voice = TwilioVoice(_account(carrier))
        outcomes = [await voice.send(PAGE) for _ in range(2)]
        await voice.close()
    assert [(each.kind, each.reason) for each in outcomes] == [
        (SendKind.RETRY_SAFE, "bad_sender"),
        (SendKind.ACCEPTED, "created"),
    ]


async def test_calls_nearest_to_the_attempt_come_first_and_old_ones_not_at_all() -> None:
    async with Carrier(CarrierSettings.model_validate(QUICK)) as carrier:
        voice = TwilioVoice(_account(carrier))
        late, near, old = [(await voice.send(PAGE)).sid for _ in range(3)]
        for call, after_s in zip(carrier.network.calls, (30, 2, -3600), strict=True):
            call.created_at = NOW + timedelta(seconds=after_s)
        listed = [receipt.sid for receipt in await voice.find(replace(PAGE, created_at=NOW, sent_at=NOW))]
        await voice.close()
    assert (listed, old in listed) == ([near, late], False)
