"""The pool: a person keeps a sender; one that is refused rests, and the page goes out from the next."""

from __future__ import annotations

import pytest

from alerting.channels.twilio.senders import Senders
from alerting.channels.twilio.settings import TwilioSettings
from alerting.core.sending import SendKind, SendOutcome

POOL = ("+15005550001", "+15005550002", "+15005550003")
TO = "+447700900001"
FULL = SendOutcome(kind=SendKind.RETRY_SAFE, reason="sender_queue_full")
BAD = SendOutcome(kind=SendKind.PERMANENT, reason="bad_sender")


class _Clock:
    now_s = 1000.0

    def __call__(self) -> float:
        return self.now_s


def test_a_person_keeps_a_sender_and_people_are_spread() -> None:
    senders = Senders(POOL)
    assert len({senders.pick(TO) for _ in range(10)}) == 1
    assert {senders.pick(f"+4477009{n:05}") for n in range(100)} == set(POOL)


@pytest.mark.parametrize("refusal", [FULL, BAD])
def test_a_refused_sender_rests_and_the_next_try_has_another(refusal: SendOutcome) -> None:
    senders = Senders(POOL)
    first = senders.pick(TO)
    assert senders.learn(first, refusal).kind is SendKind.RETRY_SAFE
    assert senders.pick(TO) != first


def test_when_every_sender_is_refused_the_page_is_too() -> None:
    senders = Senders(POOL)
    kinds = []
    for _ in POOL:
        kinds.append(senders.learn(senders.pick(TO), BAD).kind)
    assert kinds == [SendKind.RETRY_SAFE, SendKind.RETRY_SAFE, SendKind.PERMANENT]


def test_a_rested_sender_works_again() -> None:
    clock = _Clock()
    senders = Senders(POOL, clock=clock)
    first = senders.pick(TO)
    senders.learn(first, FULL)
    clock.now_s += 61
    assert senders.pick(TO) == first


@pytest.mark.parametrize("kind", list(SendKind))
def test_what_is_no_fault_of_the_sender_is_left_as_it_is(kind: SendKind) -> None:
    senders, outcome = Senders(POOL), SendOutcome(kind=kind, reason="rate_limited")
    first = senders.pick(TO)
    assert senders.learn(first, outcome) is outcome
    assert senders.pick(TO) == first


def test_the_first_number_of_the_settings_leads_the_pool_and_none_is_twice() -> None:
    values = {"account_sid": "AC" + "0" * 32, "auth_token": "x", "from_number": POOL[1], "from_numbers": POOL}
    assert TwilioSettings.model_validate(values).senders == (POOL[1], POOL[0], POOL[2])


def test_a_number_that_is_none_is_refused_by_the_settings() -> None:
    values = {"account_sid": "AC" + "0" * 32, "auth_token": "x", "from_number": POOL[1], "from_numbers": ["12"]}
    with pytest.raises(ValueError, match="from_numbers"):
        TwilioSettings.model_validate(values)
