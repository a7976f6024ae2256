"""The grammar of answers."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from alerting.core.replies import Reply, ReplyKind, parse_reply


@pytest.mark.parametrize("text", ["1 K7FQ", "1K7FQ", "k7fq 1", "K7FQ1", " 1  k7fq. ", "1-K7FQ", "1: K7FQ!", "1\nK7FQ"])
def test_one_and_the_code_in_either_order_acknowledges(text: str) -> None:
    assert parse_reply(text) == Reply(ReplyKind.ACKNOWLEDGE, "K7FQ")


@pytest.mark.parametrize(
    ("digit", "kind"),
    [
        ("2", ReplyKind.ESCALATE),
        ("3", ReplyKind.DECLINE),
        ("4", ReplyKind.ACKNOWLEDGE),
        ("5", ReplyKind.ESCALATE),
        ("6", ReplyKind.DECLINE),
    ],
)
def test_digits_pass_on_and_decline_and_keys_of_a_call_mean_the_same(digit: str, kind: ReplyKind) -> None:
    assert parse_reply(f"{digit} K7FQ") == Reply(kind, "K7FQ")


@pytest.mark.parametrize(
    "text", ["stop", "STOP.", " Stop All ", "end", "CANCEL", "quit", "Unsubscribe", "revoke", "optout"]
)
def test_opt_out_words_are_recognised(text: str) -> None:
    assert parse_reply(text).kind is ReplyKind.OPT_OUT


@pytest.mark.parametrize("text", ["start", "Unstop"])
def test_opt_in_words_are_recognised(text: str) -> None:
    assert parse_reply(text).kind is ReplyKind.OPT_IN


@pytest.mark.parametrize("text", ["1", " 1. ", "2"])
def test_a_digit_without_a_code_is_refused(text: str) -> None:
    assert parse_reply(text).kind is ReplyKind.CODE_MISSING


@pytest.mark.parametrize(
    "text", ["", "yes on it", "1 K7F", "1 K7FQQ", "7 K7FQ", "K7FQ", "11 K7FQ", "1 1 K7FQ", "1 KOIL"]
)
def test_anything_else_is_not_understood(text: str) -> None:
    assert parse_reply(text).kind in {ReplyKind.NOT_UNDERSTOOD}


def test_what_can_be_read_in_two_ways_is_not_guessed() -> None:
    assert parse_reply("23FQ2").kind is ReplyKind.NOT_UNDERSTOOD


def test_a_quoted_page_is_not_an_answer() -> None:
    assert parse_reply("Liked \u201cCase K7FQ. Reply 1 K7FQ = I take it\u201d").kind is ReplyKind.NOT_UNDERSTOOD


@given(st.text())
def test_no_text_breaks_the_reader(text: str) -> None:
    assert parse_reply(text).kind in ReplyKind


@given(st.text(alphabet="23456789CFGHJKMPQRTVWX", min_size=4, max_size=4), st.sampled_from(["", " ", "-", ".  "]))
def test_every_case_code_can_be_acknowledged(code: str, gap: str) -> None:
    assert parse_reply(f"1{gap}{code}") == Reply(ReplyKind.ACKNOWLEDGE, code)
    assert parse_reply(f"{code}{gap}1") == Reply(ReplyKind.ACKNOWLEDGE, code)
