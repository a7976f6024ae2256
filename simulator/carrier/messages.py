"""Messages as the carrier keeps and shows them (Twilio OpenAPI ``api.v2010.account.message``)."""

from __future__ import annotations

import re
import uuid
from dataclasses import dataclass, field
from datetime import datetime
from email.utils import format_datetime

_REFERENCE = re.compile(r"#[0-9A-Z]{4}-[A-Z]{1,4}\d{1,2}")
_CODE = re.compile(r"Reply 1 ([0-9A-Z]{4})")
API_VERSION = "2010-04-01"


@dataclass(slots=True, kw_only=True)
class Message:
    """One text message; ``visible_at`` is when the list begins to show it (aware UTC)."""

    account_sid: str
    sender: str
    to: str
    body: str
    direction: str
    status: str
    created_at: datetime
    visible_at: datetime
    callback_url: str = ""
    sent_at: datetime | None = None
    updated_at: datetime | None = None
    error_code: int | None = None
    sid: str = field(default_factory=lambda: "SM" + uuid.uuid4().hex)

    @property
    def reference(self) -> str:
        """What makes this a page and not another: the mark in its text, or the text where it has none."""
        found = _REFERENCE.findall(self.body)
        return found[-1] if found else self.body

    @property
    def code(self) -> str:
        """The case code that the text asks to be sent back."""
        found = _CODE.search(self.body)
        return found[1] if found else ""

    @property
    def uri(self) -> str:
        """Path of the resource."""
        return f"/{API_VERSION}/Accounts/{self.account_sid}/Messages/{self.sid}.json"

    def move(self, status: str, now: datetime, error_code: int | None = None) -> None:
        """Take the next status."""
        self.status, self.updated_at, self.error_code = status, now, error_code
        if status == "sent":
            self.sent_at = now

    def shown(self) -> dict[str, object]:
        """The resource as JSON."""
        return {
            "account_sid": self.account_sid,
            "api_version": API_VERSION,
            "body": self.body,
            "date_created": format_datetime(self.created_at),
            "date_sent": format_datetime(self.sent_at) if self.sent_at else None,
            "date_updated": format_datetime(self.updated_at or self.created_at),
            "direction": self.direction,
            "error_code": self.error_code,
            "error_message": None if self.error_code is None else "Unreachable destination handset",
            "from": self.sender,
            "messaging_service_sid": None,
            "num_media": "0",
            "num_segments": "1",
            "price": None,
            "price_unit": None,
            "sid": self.sid,
            "status": self.status,
            "subresource_uris": {"media": self.uri.removesuffix(".json") + "/Media.json"},
            "to": self.to,
            "uri": self.uri,
        }
