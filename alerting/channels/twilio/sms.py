"""Text messages over Twilio: send, look for, ask for the receipt, fetch the answers.

Who calls it: the pager, through the ports of ``alerting.channels.port``. It never repeats a request.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from twilio.base.exceptions import TwilioException
from twilio.rest import Client

from alerting.channels.port import InboundText, Outbound, Receipt
from alerting.channels.twilio.callbacks import status_callback_url
from alerting.channels.twilio.errors import outcome_of, unavailable
from alerting.channels.twilio.http_client import TwilioHttp
from alerting.channels.twilio.settings import TwilioSettings
from alerting.channels.twilio.statuses import receipt_of
from alerting.core.sending import SendKind, SendOutcome
from alerting.core.wording import marker_in
from schemas.errors import PeerUnavailable

# What the library raises for an answer that it cannot read: not JSON, not an object, a field of another type.
_UNREADABLE = (ValueError, TypeError, AttributeError, KeyError)
_FAILURES = (PeerUnavailable, TwilioException, *_UNREADABLE)
_PAGE_SIZE = 100
_LOOKED_THROUGH = 300
_CLOCK_SLACK = timedelta(minutes=5)


class TwilioSms:
    """Implements ``Channel`` and ``Inbox``; without ``callback_base`` the provider calls nobody."""

    def __init__(self, settings: TwilioSettings, *, callback_base: str | None = None) -> None:
        self._settings = settings
        self._callback_base = callback_base
        self._http = TwilioHttp(settings.base_url, settings.timeout_s)
        self._client = Client(
            settings.account_sid,
            settings.auth_token.get_secret_value(),
            http_client=self._http,
            environment={"TWILIO_EDGE": ""},  # not the process's: edge and region are part of base_url
        )

    @property
    def timeout_s(self) -> float:
        """The longest that one request takes."""
        return self._settings.timeout_s

    async def send(self, message: Outbound) -> SendOutcome:
        """Create one message; every way this can end is an outcome."""
        try:
            made = await self._client.messages.create_async(**self._fields(message))
        except _FAILURES as error:
            return outcome_of(error)
        if not made.sid:
            return SendOutcome(kind=SendKind.AMBIGUOUS, reason="answer_without_sid")
        return SendOutcome(kind=SendKind.ACCEPTED, reason="created", sid=made.sid)

    async def find(self, message: Outbound) -> Receipt | None:
        """Look through the newest messages to this person for the page's mark.

        The list is not filtered by the date of sending: a message still in the queue may have none.
        """
        try:
            listed = await self._client.messages.list_async(
                to=message.to, from_=self._settings.from_number, page_size=_PAGE_SIZE, limit=_LOOKED_THROUGH
            )
        except _FAILURES as error:
            raise unavailable(error, "look-up") from error
        marker, oldest = marker_in(message.body), message.created_at - _CLOCK_SLACK
        matches = [item for item in listed if _is_it(item, marker, oldest)]
        return receipt_of(matches[-1].sid, matches[-1].status, matches[-1].error_code) if matches else None

    async def receipt(self, sid: str) -> Receipt:
        """Ask for the state of one message."""
        try:
            found = await self._client.messages(sid).fetch_async()
        except _FAILURES as error:
            raise unavailable(error, "receipt") from error
        return receipt_of(sid, found.status, found.error_code)

    async def received(self, since: datetime) -> Sequence[InboundText]:
        """List the messages to our number since ``since``, oldest first."""
        try:
            listed = await self._client.messages.list_async(
                to=self._settings.from_number,
                date_sent_after=since.astimezone(UTC).date(),
                page_size=_PAGE_SIZE,
                limit=_LOOKED_THROUGH,
            )
        except _FAILURES as error:
            raise unavailable(error, "inbox") from error
        texts = [_inbound(item) for item in listed if item.direction == "inbound" and item.sid and item.from_]
        return [text for text in reversed(texts) if text.received_at is None or text.received_at >= since]

    async def close(self) -> None:
        """Close the connections."""
        await self._http.close()

    def _fields(self, message: Outbound) -> dict[str, Any]:
        fields: dict[str, Any] = {
            "to": message.to,
            "from_": self._settings.from_number,
            "body": message.body,
            "validity_period": self._settings.validity_period_s,
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
