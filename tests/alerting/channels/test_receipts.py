"""What a receipt says of a message that did not get there."""

from __future__ import annotations

import pytest

from alerting.channels.twilio.statuses import receipt_of


@pytest.mark.parametrize(
    ("status", "code", "why"),
    [("undelivered", 30003, "undelivered_30003"), ("failed", None, "failed"), ("delivered", None, "")],
)
def test_a_failed_message_says_why_and_others_nothing(status: str, code: int | None, why: str) -> None:
    assert receipt_of("SM1", status, code).why == why
