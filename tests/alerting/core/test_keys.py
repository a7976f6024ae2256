"""Four keys have a meaning; every other one has none."""

from __future__ import annotations

import string

import pytest

from alerting.core.keys import KEYS, key_kind, wants_repeat
from alerting.core.replies import VERBS, ReplyKind

EVERY_KEY = [*string.digits, "*", "#"]


@pytest.mark.parametrize("digit", EVERY_KEY)
def test_only_the_keys_that_a_script_names_have_a_meaning(digit: str) -> None:
    expected = {"4": ReplyKind.ACKNOWLEDGE, "5": ReplyKind.ESCALATE, "6": ReplyKind.DECLINE}
    assert key_kind(digit) is expected.get(digit, ReplyKind.NOT_UNDERSTOOD)
    assert wants_repeat(digit) is (digit == "*")


@pytest.mark.parametrize("digits", ["", "44", "4 ", "w"])
def test_what_is_not_one_key_is_not_understood(digits: str) -> None:
    assert key_kind(digits) is ReplyKind.NOT_UNDERSTOOD


def test_a_key_means_the_same_in_a_text() -> None:
    assert set(KEYS.values()) == set(VERBS.values())
    assert all(VERBS[key] is kind for key, kind in KEYS.items())
