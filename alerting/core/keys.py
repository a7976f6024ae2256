"""What a key pressed in a call means, and what can become of it.

Who calls it: ``alerting.pager`` with a key that belongs to an open attempt. Only a key answers a call: a call that was
picked up, by a person or by a voicemail, is no answer, so no detection of answering machines is needed.
"""

from __future__ import annotations

import enum

from alerting.core.replies import ReplyKind

KEYS = {"4": ReplyKind.ACKNOWLEDGE, "5": ReplyKind.ESCALATE, "6": ReplyKind.DECLINE}
REPEAT_KEY = "*"
ROUNDS = 3
"""How often one call says its script before it ends."""


class KeyOutcome(enum.StrEnum):
    """What became of a key, by what is said to it."""

    TAKEN = "taken"
    ALREADY_TAKEN = "already_taken"
    """Somebody was earlier."""
    PASSED_ON = "passed_on"
    DECLINED = "declined"
    REPEAT = "repeat"
    NOT_UNDERSTOOD = "not_understood"
    CLOSED = "closed"
    """The incident has ended otherwise: nobody needs to take it."""

    @property
    def asks_again(self) -> bool:
        """Whether the script is said again."""
        return self in {KeyOutcome.REPEAT, KeyOutcome.NOT_UNDERSTOOD}


def key_kind(digit: str) -> ReplyKind:
    """Read a key; anything without a meaning is ``not_understood``, never a guess."""
    return KEYS.get(digit, ReplyKind.NOT_UNDERSTOOD)


def wants_repeat(digit: str) -> bool:
    """Say whether the key asks to hear the script again."""
    return digit == REPEAT_KEY
