"""Calls over Twilio: ring, say the script, wait for a key, look for, ask for the receipt.

Who calls it: the pager, through ``alerting.channels.port.Channel``. It never repeats a request. Only a key answers a
call (or a text message, where nobody can call us): that something picked up is no answer, so a voicemail needs no
detection. The words go to the provider inline, so nothing fetches them from us.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from alerting.channels.port import Outbound, Receipt
from alerting.channels.twilio.account import (
    CLOCK_SLACK,
    FAILURES,
    LOOKED_THROUGH,
    OWN_NUMBER,
    PAGE_SIZE,
    Account,
    created,
)
from alerting.channels.twilio.callbacks import keys_url, status_callback_url
from alerting.channels.twilio.errors import outcome_of, unavailable
from alerting.channels.twilio.settings import TwilioSettings
from alerting.channels.twilio.statuses import call_receipt_of
from alerting.channels.twilio.twiml import call_twiml
from alerting.core.sending import SendOutcome

_EVENTS = ["initiated", "ringing", "answered", "completed"]


class TwilioVoice:
    """Implements ``Channel``; without ``callback_base`` the call waits for no key and the provider calls nobody."""

    def __init__(self, settings: TwilioSettings, *, callback_base: str | None = None) -> None:
        self._callback_base = callback_base
        self._account = Account(settings)

    @property
    def timeout_s(self) -> float:
        """The longest that one request takes; the ringing is not waited for."""
        return self._account.settings.timeout_s

    async def send(self, message: Outbound) -> SendOutcome:
        """Create one call; every way this can end is an outcome."""
        account = self._account
        if account.is_ours(message.to):
            return OWN_NUMBER
        sender = account.senders.pick(message.to)
        try:
            made = await account.client.calls.create_async(from_=sender, **self._fields(message))
        except FAILURES as error:
            return account.senders.learn(sender, outcome_of(error))
        return created(made)

    async def find(self, message: Outbound) -> Sequence[Receipt]:
        """List our calls to this number since the page was made, those nearest to the attempt first.

        The list is not filtered by the start: a call still in the queue has none.
        """
        try:
            listed = await self._account.client.calls.list_async(
                to=message.to, page_size=PAGE_SIZE, limit=LOOKED_THROUGH
            )
        except FAILURES as error:
            raise unavailable(error, "look-up") from error
        oldest, attempt = message.created_at - CLOCK_SLACK, message.sent_at or message.created_at
        ours = [item for item in listed if item.sid and self._account.is_ours(_sender(item)) and _made(item, oldest)]
        nearest = sorted(ours, key=lambda item: _distance(item, attempt))
        return [call_receipt_of(item.sid, item.status) for item in nearest]

    async def receipt(self, sid: str) -> Receipt:
        """Ask for the state of one call."""
        try:
            found = await self._account.client.calls(sid).fetch_async()
        except FAILURES as error:
            raise unavailable(error, "receipt") from error
        return call_receipt_of(sid, found.status)

    async def close(self) -> None:
        """Close the connections."""
        await self._account.close()

    def _fields(self, message: Outbound) -> dict[str, Any]:
        settings, base = self._account.settings, self._callback_base
        address = {"page_id": message.page_id, "attempt_id": message.attempt_id, "nonce": message.nonce}
        keys = keys_url(base, **address, said=1) if base else None
        fields: dict[str, Any] = {
            "to": message.to,
            "twiml": call_twiml(message.body, keys_url=keys, language=settings.language),
            "timeout": settings.ring_s,
            "time_limit": settings.call_limit_s,
        }
        if base:
            fields |= {
                "status_callback": status_callback_url(base, **address),
                "status_callback_event": _EVENTS,
                "status_callback_method": "POST",
            }
        return fields


def _sender(item: Any) -> str | None:
    sender: str | None = item._from  # noqa: SLF001  # the library's name of the field, other than for messages
    return sender


def _made(item: Any, oldest: datetime) -> bool:
    made = item.date_created
    return item.direction != "inbound" and (not isinstance(made, datetime) or made >= oldest)


def _distance(item: Any, attempt: datetime) -> timedelta:
    made = item.date_created
    return abs(made - attempt) if isinstance(made, datetime) else CLOCK_SLACK
