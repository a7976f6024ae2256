"""Who may write on the board."""

from __future__ import annotations

from datetime import timedelta

import pytest
from pydantic import SecretStr

from board.pin import PinCheck, PinGate, is_same_origin
from tests.board.builders import NOW

PIN = "246810"


def gate(wrong: int = 0) -> PinGate:
    made = PinGate(SecretStr(PIN))
    for second in range(wrong):
        made.check("0", NOW + timedelta(seconds=second))
    return made


@pytest.mark.parametrize("given", ["", "24681", "2468100", "246811", "\u00e6", "\u0662\u0664\u0666\u0668\u0661\u0660"])
def test_only_the_pin_is_the_pin(given: str) -> None:
    assert gate().check(PIN, NOW) is PinCheck.RIGHT
    assert gate().check(given, NOW) is PinCheck.WRONG


def test_the_sixth_try_within_a_minute_is_not_looked_at_even_if_right() -> None:
    assert gate(4).check(PIN, NOW + timedelta(seconds=5)) is PinCheck.RIGHT
    locked = gate(5)
    assert locked.check(PIN, NOW + timedelta(seconds=5)) is PinCheck.LOCKED
    assert locked.locked_s(NOW + timedelta(seconds=5)) == 55


def test_a_minute_after_the_first_wrong_one_there_is_one_more_try() -> None:
    locked = gate(5)
    assert locked.check("0", NOW + timedelta(seconds=61)) is PinCheck.WRONG
    assert locked.check(PIN, NOW + timedelta(seconds=61.5)) is PinCheck.RIGHT
    again = gate(5)
    again.check("0", NOW + timedelta(seconds=60))
    assert again.check(PIN, NOW + timedelta(seconds=60.5)) is PinCheck.LOCKED


def test_a_clock_that_was_set_back_does_not_lock_the_desk_out() -> None:
    assert gate(5).check(PIN, NOW - timedelta(hours=1)) is PinCheck.RIGHT


@pytest.mark.parametrize(
    ("headers", "same"),
    [
        ({"sec-fetch-site": "same-origin"}, True),
        ({"sec-fetch-site": "same-site", "origin": "http://board", "host": "board"}, False),
        ({"sec-fetch-site": "cross-site"}, False),
        ({"sec-fetch-site": "none"}, False),
        ({"origin": "http://board:8080", "host": "board:8080"}, True),
        ({"origin": "https://board.example", "host": "127.0.0.1:8080"}, True),
        ({"origin": "https://evil.example", "host": "board:8080"}, False),
        ({"origin": "null", "host": "board:8080"}, False),
        ({"origin": "", "host": ""}, False),
        ({"host": "board:8080"}, False),
    ],
)
def test_a_form_comes_from_the_boards_own_page(headers: dict[str, str], same: bool) -> None:
    assert is_same_origin(headers, public_url="https://board.example") is same
