"""What each answer of the provider means for the page."""

from __future__ import annotations

import pytest
from twilio.base.exceptions import TwilioException, TwilioRestException

from alerting.channels.twilio.errors import outcome_of
from alerting.channels.twilio.http_client import NoAnswer, NotSent, RateLimited
from alerting.core.sending import SendKind


def _rest(status: int, code: int | None = None) -> Exception:
    error: Exception = TwilioRestException(status, "/", code=code)
    return error


@pytest.mark.parametrize(
    "error",
    [NotSent("x"), RateLimited("x"), _rest(401, 20003), _rest(429, 20429), _rest(403), _rest(404), _rest(400, 21611)],
)
def test_what_was_certainly_not_processed_may_be_repeated(error: Exception) -> None:
    assert outcome_of(error).kind is SendKind.RETRY_SAFE


@pytest.mark.parametrize(
    "error",
    [
        NoAnswer("x"),
        _rest(500, 20500),
        _rest(502),
        _rest(503),
        _rest(408),
        _rest(302),
        TwilioException("x"),
        ValueError("not JSON"),
    ],
)
def test_what_may_have_been_processed_is_in_doubt(error: Exception) -> None:
    assert outcome_of(error).kind is SendKind.AMBIGUOUS


@pytest.mark.parametrize("code", [21211, 21614, 21610, 21606, 21617])
def test_what_is_refused_for_good_is_permanent(code: int) -> None:
    assert outcome_of(_rest(400, code)).kind is SendKind.PERMANENT


def test_an_unknown_refusal_is_permanent_and_named() -> None:
    assert (outcome_of(_rest(400, 99999)).kind, outcome_of(_rest(400, 99999)).reason) == (
        SendKind.PERMANENT,
        "refused_400",
    )


def test_the_providers_wish_is_kept() -> None:
    assert outcome_of(RateLimited("x", retry_after_s=7)).retry_after_s == 7
