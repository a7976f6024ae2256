"""Calls as the carrier keeps and shows them (Twilio OpenAPI ``api.v2010.account.call``)."""

from __future__ import annotations

import re
import uuid
from collections.abc import Set
from dataclasses import dataclass, field
from datetime import datetime
from email.utils import format_datetime

from simulator.carrier.messages import API_VERSION
from simulator.carrier.twiml import Document, read

_SPELT = re.compile(r"\bCase ((?:[0-9A-Z], )*[0-9A-Z])\.")
_MARK = re.compile(r"#[0-9A-Z]{4}-[A-Z]{1,4}\d{1,2}")


@dataclass(slots=True, kw_only=True)
class Call:
    """One call; ``visible_at`` is when the list begins to show it (aware UTC), ``ring_s`` how long it may ring."""

    account_sid: str
    sender: str
    to: str
    twiml: str
    ring_s: float
    created_at: datetime
    visible_at: datetime
    callback_url: str = ""
    events: Set[str] = frozenset({"completed"})
    status: str = "queued"
    direction: str = "outbound-api"
    started_at: datetime | None = None
    ended_at: datetime | None = None
    updated_at: datetime | None = None
    pressed: str = ""
    told: int = 0
    sid: str = field(default_factory=lambda: "CA" + uuid.uuid4().hex)

    @property
    def document(self) -> Document:
        """What it says; its TwiML was read when it was accepted."""
        return read(self.twiml)

    @property
    def reference(self) -> str:
        """What makes this a page and not another: the mark among the remarks, or the words where there is none."""
        document = self.document
        marks = [mark for remark in document.remarks for mark in _MARK.findall(remark)]
        return marks[-1] if marks else document.said

    @property
    def code(self) -> str:
        """The case code as a listener writes it down."""
        found = _SPELT.search(self.document.said)
        return found[1].replace(", ", "") if found else ""

    @property
    def uri(self) -> str:
        """Path of the resource."""
        return f"/{API_VERSION}/Accounts/{self.account_sid}/Calls/{self.sid}.json"

    def move(self, status: str, now: datetime) -> None:
        """Take the next status."""
        self.status, self.updated_at = status, now
        if status == "in-progress":
            self.started_at = now
        elif status != "ringing":
            self.ended_at = now

    def shown(self) -> dict[str, object]:
        """The resource as JSON."""
        absent = ("parent_call_sid", "phone_number_sid", "price", "answered_by", "forwarded_from", "group_sid")
        return {
            **dict.fromkeys(absent),
            "account_sid": self.account_sid,
            "api_version": API_VERSION,
            "caller_name": None,
            "date_created": format_datetime(self.created_at),
            "date_updated": format_datetime(self.updated_at or self.created_at),
            "direction": self.direction,
            "duration": self._duration(),
            "end_time": format_datetime(self.ended_at) if self.ended_at else None,
            "from": self.sender,
            "from_formatted": self.sender,
            "price_unit": "USD",
            "queue_time": "0",
            "sid": self.sid,
            "start_time": format_datetime(self.started_at) if self.started_at else None,
            "status": self.status,
            "subresource_uris": {"events": self.uri.removesuffix(".json") + "/Events.json"},
            "to": self.to,
            "to_formatted": self.to,
            "trunk_sid": None,
            "uri": self.uri,
        }

    def _duration(self) -> str | None:
        if self.started_at is None or self.ended_at is None:
            return None
        return str(round((self.ended_at - self.started_at).total_seconds()))
