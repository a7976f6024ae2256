"""A channel that keeps to the provider's pace: the first page of an incident goes at once, others wait their turn.

Who calls it: the composition root wraps a channel in it where a pace is set. A short wait is waited here; a longer one
is handed back as "try again later", so that the page's lease is never slept away. Each pager process counts for itself.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Sequence

from alerting.channels.port import Channel, Outbound, Receipt
from alerting.core.pacing import Bucket, Pace, take
from alerting.core.sending import SendKind, SendOutcome

PATIENCE_S = 1.0


class Paced:
    """Implements ``Channel`` around another one; ``clock`` is a monotonic clock in seconds."""

    def __init__(self, channel: Channel, pace: Pace, *, clock: Callable[[], float] = time.monotonic) -> None:
        self._channel = channel
        self._pace = pace
        self._clock = clock
        self._bucket = Bucket(pace.burst, clock())

    @property
    def timeout_s(self) -> float:
        """The longest that one attempt takes, with its wait."""
        return self._channel.timeout_s + PATIENCE_S

    async def send(self, message: Outbound) -> SendOutcome:
        """Wait a little, or say when to come back, or send."""
        turn = take(self._bucket, self._pace, now_s=self._clock(), first=message.first, patience_s=PATIENCE_S)
        self._bucket = turn.bucket
        if not turn.granted:
            return SendOutcome(kind=SendKind.RETRY_SAFE, reason="paced", retry_after_s=turn.wait_s)
        if turn.wait_s > 0:
            await asyncio.sleep(turn.wait_s)
        return await self._channel.send(message)

    async def find(self, message: Outbound) -> Sequence[Receipt]:
        """Look, unpaced."""
        return await self._channel.find(message)

    async def receipt(self, sid: str) -> Receipt:
        """Ask, unpaced."""
        return await self._channel.receipt(sid)


def paced(channel: Channel, per_s: float) -> Channel:
    """Wrap a channel, or return it as it is where ``per_s`` is 0; a burst of one second's worth is allowed."""
    return Paced(channel, Pace(per_s=per_s, burst=max(1.0, per_s))) if per_s > 0 else channel
