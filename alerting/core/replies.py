"""What a person may answer by text message: one character and the case code, in either order.

Who calls it: ``alerting.pager.inbound``. Carriers take some words as "send me nothing any more" before we see them
(Twilio, error 21610 and its opt-out keywords): these are recognised, and no word of the grammar is one of them.
A digit without a code is refused: by the time it arrives another case may be the open one. The keys of a call (4, 5, 6)
mean the same in a text, for whoever remembers those.
"""

from __future__ import annotations

import enum
import re
from dataclasses import dataclass


class ReplyKind(enum.StrEnum):
    """What a reply means."""

    ACKNOWLEDGE = "acknowledge"
    ESCALATE = "escalate"
    DECLINE = "decline"
    OPT_OUT = "opt_out"
    OPT_IN = "opt_in"
    CODE_MISSING = "code_missing"
    NOT_UNDERSTOOD = "not_understood"


VERBS = {
    "1": ReplyKind.ACKNOWLEDGE,
    "2": ReplyKind.ESCALATE,
    "3": ReplyKind.DECLINE,
    "4": ReplyKind.ACKNOWLEDGE,
    "5": ReplyKind.ESCALATE,
    "6": ReplyKind.DECLINE,
}
OPT_OUT_WORDS = frozenset(
    {"STOP", "STOPALL", "STOP ALL", "UNSUBSCRIBE", "CANCEL", "END", "QUIT", "REVOKE", "OPTOUT", "OPT OUT"}
)
OPT_IN_WORDS = frozenset({"START", "UNSTOP", "YES"})

# The alphabet of case codes (schemas.ids): no vowels, no look-alikes, and no 1.
_CODE = "[2-9CFGHJKMPQRTVWX]{4}"
_GAP = r"[\s.,:;=-]*"
_DIGIT_FIRST = re.compile(f"([1-6]){_GAP}({_CODE})")
_CODE_FIRST = re.compile(f"({_CODE}){_GAP}([1-6])")
_EDGES = " \t\r\n.,;:!\"'()"
_LONGEST = 200


@dataclass(frozen=True, slots=True)
class Reply:
    """A reply as understood; ``reference`` is the case code, upper case, empty where there is none."""

    kind: ReplyKind
    reference: str = ""


def parse_reply(body: str) -> Reply:
    """Read a reply; anything outside the grammar is ``not_understood``, never a guess."""
    text = " ".join(body[:_LONGEST].upper().strip(_EDGES).split())
    if text in OPT_OUT_WORDS:
        return Reply(ReplyKind.OPT_OUT)
    if text in OPT_IN_WORDS:
        return Reply(ReplyKind.OPT_IN)
    if text in VERBS:
        return Reply(ReplyKind.CODE_MISSING)
    readings = _readings(text)
    return readings.pop() if len(readings) == 1 else Reply(ReplyKind.NOT_UNDERSTOOD)


def _readings(text: str) -> set[Reply]:
    readings = set()
    if match := _DIGIT_FIRST.fullmatch(text):
        readings.add(Reply(VERBS[match[1]], match[2]))
    if match := _CODE_FIRST.fullmatch(text):
        readings.add(Reply(VERBS[match[2]], match[1]))
    return readings
