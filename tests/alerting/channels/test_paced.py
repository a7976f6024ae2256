"""Pacing in front of a channel: first pages go at once, others wait a little or come back later."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime

from alerting.channels.paced import PATIENCE_S, Paced, paced
from alerting.channels.port import Outbound, Receipt
from alerting.core.pacing import Pace
from alerting.core.sending import SendKind, SendOutcome

NOW = datetime(2026, 3, 1, tzinfo=UTC)


class _Counting:
    timeout_s = 3.0

    def __init__(self) -> None:
        self.sent = 0

    async def send(self, message: Outbound) -> SendOutcome:
        self.sent += 1
        return SendOutcome(kind=SendKind.ACCEPTED, reason="created", sid="SM1")

    async def find(self, message: Outbound) -> Sequence[Receipt]:
        return ()

    async def receipt(self, sid: str) -> Receipt:
        raise AssertionError("not asked for")


def _page(*, first: bool) -> Outbound:
    return Outbound(
        page_id="p", attempt_id="a", nonce="n", to="+447700900001", body="x", created_at=NOW, first=first
    )  # fmt: skip


async def test_first_pages_go_at_once_and_a_repeat_comes_back_later() -> None:
    channel = _Counting()
    slow = Paced(channel, Pace(per_s=0.1), clock=lambda: 0.0)
    kinds = [(await slow.send(_page(first=True))).kind for _ in range(3)]
    late = await slow.send(_page(first=False))
    assert kinds == [SendKind.ACCEPTED] * 3
    assert (late.kind, late.reason, late.retry_after_s, channel.sent) == (SendKind.RETRY_SAFE, "paced", 30.0, 3)


async def test_a_short_wait_is_waited_and_counts_in_the_time_out() -> None:
    channel = _Counting()
    quick = Paced(channel, Pace(per_s=20.0), clock=lambda: 0.0)
    outcomes = [await quick.send(_page(first=False)) for _ in range(2)]
    assert [outcome.kind for outcome in outcomes] == [SendKind.ACCEPTED] * 2
    assert quick.timeout_s == channel.timeout_s + PATIENCE_S


def test_a_pace_of_nothing_is_no_pacing() -> None:
    channel = _Counting()
    assert paced(channel, 0.0) is channel
    assert isinstance(paced(channel, 2.0), Paced)
