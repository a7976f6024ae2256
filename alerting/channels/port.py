"""What every channel offers the pager, declared once.

A channel is one folder with its settings beside it. It translates the provider's answers into the closed set of
``alerting.core.sending``; it never touches the store and never decides whether to send again.
"""

from __future__ import annotations

import enum
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol

from alerting.core.sending import SendOutcome

NO_LIST = "no_list"
"""Reason of a provider that keeps no list of what it accepted: a page in doubt stays in doubt."""


class ReceiptState(enum.StrEnum):
    """What the provider says of a message that it accepted."""

    ON_ITS_WAY = "on_its_way"
    DELIVERED = "delivered"
    UNDELIVERED = "undelivered"


@dataclass(frozen=True, slots=True, kw_only=True)
class Outbound:
    """One attempt to send one page; ``nonce`` and ``attempt_id`` are part of the callback address.

    ``first`` is the first page of an incident to this person, which pacing never delays; ``sent_at`` is when the
    attempt that is looked for began, where known; ``recipient`` is the person's code, for a channel that knows its own
    addresses.
    """

    page_id: str
    attempt_id: str
    nonce: str = field(repr=False)
    to: str = field(repr=False)
    body: str = field(repr=False)
    created_at: datetime
    recipient: str = ""
    first: bool = True
    sent_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Receipt:
    """The provider's word on message ``sid``; ``status`` and ``error_code`` are the provider's own."""

    sid: str
    state: ReceiptState
    status: str
    error_code: int | None = None

    @property
    def why(self) -> str:
        """A stable word for a message that did not get there; empty for one that did or may yet."""
        if self.state is not ReceiptState.UNDELIVERED:
            return ""
        return self.status if self.error_code is None else f"{self.status}_{self.error_code}"


@dataclass(frozen=True, slots=True, kw_only=True)
class InboundText:
    """A text message that came in."""

    sid: str
    sender: str = field(repr=False)
    body: str = field(repr=False)
    received_at: datetime | None


class Channel(Protocol):
    """A way to a person's attention."""

    @property
    def timeout_s(self) -> float:
        """The longest that one attempt takes."""
        ...

    async def send(self, message: Outbound) -> SendOutcome:
        """Try once; never raises for what a provider or a network can do."""
        ...

    async def find(self, message: Outbound) -> Sequence[Receipt]:
        """Look for a message that may have been accepted: what may be it, the likeliest first.

        A text is known by its mark; of a call the provider tells no more than the number and the time, so the caller
        must leave out what is another page's.

        Raises:
            PeerUnavailable: the provider's list cannot be read, or there is none (reason ``NO_LIST``).
        """
        ...

    async def receipt(self, sid: str) -> Receipt:
        """Ask what became of an accepted message.

        Raises:
            PeerUnavailable: the provider does not answer.
        """
        ...


class Inbox(Protocol):
    """Where answers wait to be fetched."""

    async def received(self, since: datetime) -> Sequence[InboundText]:
        """Return what came in since ``since``, oldest first.

        Raises:
            PeerUnavailable: the provider does not answer.
        """
        ...
