"""What is written besides pages: answers to answers, alarms for the ED desk, tests and heartbeats. One segment each.

Who calls it: ``alerting.pager``. Every word comes from the closed tables below, from case codes, team names and person
codes; never from free text.
"""

from __future__ import annotations

import enum
import hashlib

from alerting.core.gsm7 import BASIC, SEGMENT_SEPTETS

_ALPHABET = "23456789CFGHJKMPQRTVWX"
_NAME_LENGTH = 24


class Reaction(enum.StrEnum):
    """What is said to somebody's answer."""

    YOURS = "yours"
    YOURS_PARTLY = "yours_partly"
    """Somebody with another role must take it too."""
    SOMEBODY_HAS_IT = "somebody_has_it"
    PASSED_ON = "passed_on"
    DECLINED = "declined"
    GIVEN_BACK = "given_back"
    OVER = "over"
    UNKNOWN_CODE = "unknown_code"
    NOT_YOURS = "not_yours"
    CODE_MISSING = "code_missing"
    NOT_UNDERSTOOD = "not_understood"
    UNKNOWN_NUMBER = "unknown_number"
    TEST_ANSWERED = "test_answered"
    WELCOME_BACK = "welcome_back"


_REACTIONS = {
    Reaction.YOURS: "thank you, case {code} is yours. To give it back reply 3 {code}.",
    Reaction.YOURS_PARTLY: "thank you, case {code} is noted as yours; a person of another role is still needed.",
    Reaction.SOMEBODY_HAS_IT: "case {code}: {who} has taken it already. You need do nothing.",
    Reaction.PASSED_ON: "case {code} is passed on to the next step.",
    Reaction.DECLINED: "noted, you cannot take case {code}. Somebody else is asked.",
    Reaction.GIVEN_BACK: "noted, you gave case {code} back. Somebody else is asked.",
    Reaction.OVER: "case {code} is not being paged any more. Please look at the board.",
    Reaction.UNKNOWN_CODE: "there is no case with this code; nothing was changed. Please check the code.",
    Reaction.NOT_YOURS: "you were not paged for case {code}; nothing was changed. Please call the ED desk.",
    Reaction.CODE_MISSING: "please add the code of the case, for example: 1 K7FQ. Nothing was changed.",
    Reaction.NOT_UNDERSTOOD: "not understood, nothing was changed. Reply 1, 2 or 3 and the code of the case.",
    Reaction.UNKNOWN_NUMBER: "this number is not on the rota; nothing was changed.",
    Reaction.TEST_ANSWERED: "thank you, your answer to the test arrived.",
    Reaction.WELCOME_BACK: "you will be paged again.",
}  # fmt: skip
"""Reaction to its words; a test walks every one."""

_DESK = {
    "nobody_answered": "NOBODY ANSWERED for case {code}, team {team}. Call the team by phone now.",
    "all_declined": "EVERYBODY DECLINED case {code}, team {team}. Call the team by phone now.",
    "nobody_on_call": "NOBODY CAN BE PAGED for case {code}, team {team}. Call the team by phone now.",
    "result_overdue": "AI RESULT NOT AVAILABLE for case {code}. Silence is not negative: read it now.",
    "result_late": "AI result for case {code} will probably be late.",
    "opted_out": "{who} has opted out of our texts and is not reached. Call {who}.",
    "phone_unreachable": "{who} cannot be reached by phone or text.",
    "heartbeat_missed": "THE TEST PAGE DID NOT ARRIVE. Paging may be broken: be ready to phone.",
    "rota_gap": "Nobody is on call for team {team} at some time ahead. See codestroke rota check.",
    "silenced": "Case {code} was not paged: team {team} is silenced.",
}


def reaction_text(reaction: Reaction, *, code: str = "", who: str = "") -> str:
    """What is answered to an answer, without its mark."""
    return f"CODESTROKE: {_REACTIONS[reaction].format(code=_plain(code), who=_plain(who) or 'somebody')}"


def desk_text(kind: str, *, reference: str = "", team: str = "", who: str = "") -> str:
    """What the ED desk is told; an unknown kind still tells that something is wrong."""
    words = _DESK.get(kind, "something needs attention, see the board")
    filled = words.format(code=_plain(reference) or "?", team=_plain(team) or "?", who=_plain(who) or "somebody")
    return f"CODESTROKE {filled}"


def test_text(code: str) -> str:
    """A test page."""
    return f"CODESTROKE TEST: this is a test page, there is no patient. Reply 1 {_plain(code)}."


def test_script(code: str, *, keys: bool = True) -> str:  # noqa: PT028  # the words of a test, not a test
    """A test call; without ``keys`` (no public address) the answer is a text message."""
    spelt = ", ".join(_plain(code))
    answer = f"Press 4 to confirm. Code {spelt}." if keys else f"To confirm answer by text message: 1 and {spelt}."
    return f"This is code stroke with a test. There is no patient. {answer}"


def heartbeat_text() -> str:
    """The page that proves the path."""
    return "CODESTROKE heartbeat: the paging path works. No answer needed."


def with_mark(text: str, seed: str, letters: str = "R") -> str:
    """Add the mark by which the provider's list is searched, and cut the text to one segment.

    Args:
        text: the words.
        seed: what the mark is made from, for example the page id: the same page always has the same mark.
        letters: kind of the message, upper case.
    """
    number = int.from_bytes(hashlib.sha256(seed.encode()).digest()[:10], "big")
    drawn = []
    for _ in range(6):
        number, index = divmod(number, len(_ALPHABET))
        drawn.append(_ALPHABET[index])
    mark = f"#{''.join(drawn[:4])}-{letters}{number % 100}"
    return f"{text[: SEGMENT_SEPTETS - len(mark) - 1]} {mark}"


def _plain(word: str) -> str:
    """A code or name as it may stand in a text."""
    return "".join(character for character in word if character in BASIC and character.isascii())[:_NAME_LENGTH]
