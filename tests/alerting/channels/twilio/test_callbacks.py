"""Signed webhooks: the carrier signs by its own code, the library checks."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import SecretStr

from alerting.channels.twilio.callbacks import is_signed, status_callback_url
from alerting.channels.twilio.settings import TwilioSettings
from simulator.carrier.callbacks import signature

SETTINGS = TwilioSettings(
    account_sid="AC" + "0" * 32,
    auth_token=SecretStr("new"),
    previous_auth_token=SecretStr("old"),
    from_number="+15005550006",
)
URL = status_callback_url("https://codestroke.example.org/", page_id="p1", attempt_id="a1", nonce="n&1")


def test_the_address_names_page_attempt_and_nonce() -> None:
    assert URL == "https://codestroke.example.org/webhooks/twilio/status/p1/a1?nonce=n%261"


@pytest.mark.parametrize(("token", "good"), [("new", True), ("old", True), ("other", False)])
def test_the_present_and_the_previous_token_count(token: str, good: bool) -> None:
    form = {"MessageStatus": "sent", "To": "+1"}
    assert is_signed(SETTINGS, public_url=URL, form=form, signature=signature(URL, form, token)) is good


@given(st.dictionaries(st.text(alphabet="ABCDE", min_size=1), st.text(max_size=20), max_size=5), st.text(min_size=1))
def test_a_changed_field_breaks_the_signature(form: dict[str, str], more: str) -> None:
    signed = signature(URL, form, "new")
    assert is_signed(SETTINGS, public_url=URL, form=form, signature=signed)
    assert not is_signed(SETTINGS, public_url=URL, form={**form, "Extra": more}, signature=signed)


def test_another_address_breaks_the_signature() -> None:
    assert not is_signed(SETTINGS, public_url=URL + "x", form={}, signature=signature(URL, {}, "new"))
