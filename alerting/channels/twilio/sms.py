"""Text messages over Twilio: send, look for, ask for the receipt, fetch the answers.

Who calls it: the pager, through the ports of ``alerting.channels.port``. It never repeats a request.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

from alerting.channels.port import InboundText, Outbound, Receipt
from alerting.channels.twilio.account import (
    CLOCK_SLACK,
    FAILURES,
    LOOKED_THROUGH,
    OWN_NUMBER,
    PAGE_SIZE,
    Account,
    created,
)
from alerting.channels.twilio.callbacks import status_callback_url
from alerting.channels.twilio.errors import outcome_of, unavailable
from alerting.channels.twilio.settings import TwilioSettings
from alerting.channels.twilio.statuses import receipt_of
from alerting.core.sending import SendOutcome
from alerting.core.wording import marker_in


class TwilioSms:
    """Implements ``Channel`` and ``Inbox``; without ``callback_base`` the provider calls nobody."""

    def __init__(self, settings: TwilioSettings, *, callback_base: str | None = None) -> None:
        self._callback_base = callback_base
        self._account = Account(settings)

    @property
    def timeout_s(self) -> float:
        """The longest that one request takes."""
        return self._account.settings.timeout_s

    async def send(self, message: Outbound) -> SendOutcome:
        """Create one message; every way this can end is an outcome."""
        account = self._account
        if account.is_ours(message.to):
            return OWN_NUMBER
        sender = account.senders.pick(message.to)
        try:
            made = await account.client.messages.create_async(from_=sender, **self._fields(message))
        except FAILURES as error:
            return account.senders.learn(sender, outcome_of(error))
        return created(made)

    async def find(self, message: Outbound) -> Sequence[Receipt]:
        """Look through the newest messages to this person for the page's mark; the oldest match is the first.

        The list is not filtered by the date of sending: a message still in the queue may have none. Nor is it by the
        sender: the next try may have another.
        """
        try:
            listed = await self._account.client.messages.list_async(
                to=message.to, page_size=PAGE_SIZE, limit=LOOKED_THROUGH
            )
        except FAILURES as error:
            raise unavailable(error, "look-up") from error
        marker, oldest = marker_in(message.body), message.created_at - CLOCK_SLACK
        ours = [item for item in listed if self._account.is_ours(item.from_)]
        matches = [item for item in ours if _is_it(item, marker, oldest)]
        return [receipt_of(item.sid, item.status, item.error_code) for item in reversed(matches)]

    async def receipt(self, sid: str) -> Receipt:
        """Ask for the state of one message."""
        try:
            found = await self._account.client.messages(sid).fetch_async()
        except FAILURES as error:
            raise unavailable(error, "receipt") from error
        return receipt_of(sid, found.status, found.error_code)

    async def received(self, since: datetime) -> Sequence[InboundText]:
        """List the messages to all of our numbers since ``since``, oldest first."""
        texts: list[InboundText] = []
        for number in self._account.senders.numbers:
            texts += await self._received_at(number, since)
        return sorted(texts, key=lambda text: text.received_at or since)

    async def _received_at(self, number: str, since: datetime) -> list[InboundText]:
        try:
            listed = await self._account.client.messages.list_async(
                to=number,
                date_sent_after=since.astimezone(UTC).date(),
                page_size=PAGE_SIZE,
                limit=LOOKED_THROUGH,
            )
        except FAILURES as error:
            raise unavailable(error, "inbox") from error
        texts = [_inbound(item) for item in listed if item.direction == "inbound" and item.sid and item.from_]
        return [text for text in reversed(texts) if text.received_at is None or text.received_at >= since]

    async def close(self) -> None:
        """Close the connections."""
        await self._account.close()

    def _fields(self, message: Outbound) -> dict[str, Any]:
        fields: dict[str, Any] = {
            "to": message.to,
            "body": message.body,
            "validity_period": self._account.settings.validity_period_s,
        }
        if base := self._callback_base:
            fields["status_callback"] = status_callback_url(
                base, page_id=message.page_id, attempt_id=message.attempt_id, nonce=message.nonce
            )
        return fields


def _is_it(item: Any, marker: str | None, oldest: datetime) -> bool:
    made = item.date_created
    new_enough = not isinstance(made, datetime) or made >= oldest
    is_ours = bool(item.sid) and item.direction != "inbound"
    return is_ours and new_enough and marker is not None and marker_in(item.body or "") == marker


def _inbound(item: Any) -> InboundText:
    when = item.date_sent or item.date_created
    return InboundText(
        sid=item.sid,
        sender=item.from_,
        body=item.body or "",
        received_at=when if isinstance(when, datetime) else None,
    )
