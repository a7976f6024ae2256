"""The pool of sending numbers: which one a message goes out from.

Who calls it: the SMS and the voice channel, each with a pool of its own. A person keeps one sender, by a stable hash of
the number, as long as that sender works; one that is refused or full rests, and its people move on to the next.
What rests is known to this process alone: another finds it out by one refusal, which processes nothing.
"""

from __future__ import annotations

import hashlib
import time
from collections.abc import Callable, Sequence

from alerting.channels.twilio.errors import BAD_SENDER, SENDER_QUEUE_FULL
from alerting.core.sending import SendKind, SendOutcome

_REST_S = {BAD_SENDER: 3600.0, SENDER_QUEUE_FULL: 60.0}


class Senders:
    """Picks senders; ``clock`` is a monotonic clock in seconds."""

    def __init__(self, numbers: Sequence[str], *, clock: Callable[[], float] = time.monotonic) -> None:
        self._numbers = tuple(numbers)
        self._clock = clock
        self._rests_until_s: dict[str, float] = {}

    @property
    def numbers(self) -> tuple[str, ...]:
        """All of them, resting or not."""
        return self._numbers

    def pick(self, to: str) -> str:
        """The sender for a message to ``to``: the first in its order that does not rest, or the first to be rested."""
        start = int.from_bytes(hashlib.sha256(to.encode()).digest()[:4], "big") % len(self._numbers)
        order = self._numbers[start:] + self._numbers[:start]
        return min(order, key=self._rest_left_s)

    def learn(self, sender: str, outcome: SendOutcome) -> SendOutcome:
        """Let a refused sender rest; its refusal is no refusal of the page while another sender is left."""
        rest_s = _REST_S.get(outcome.reason)
        if rest_s is None:
            return outcome
        self._rests_until_s[sender] = self._clock() + rest_s
        if any(self._rest_left_s(number) == 0 for number in self._numbers):
            return SendOutcome(kind=SendKind.RETRY_SAFE, reason=outcome.reason)
        return outcome

    def _rest_left_s(self, number: str) -> float:
        return max(0.0, self._rests_until_s.get(number, 0.0) - self._clock())
