"""What the board needs from the world, as ports; the real ones are in ``board.reading`` and ``alerting.pager.inbound``.

Declared here because the board uses them; the tests bring their own.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Mapping
from datetime import datetime
from typing import Protocol

from alerting.pager.inbound import ReplyResult, StatusCallback
from alerting.pager.keys import KeyPress, KeyResult
from board.rows import BoardRows, CaseRow, PageEventRow

Clock = Callable[[], datetime]
"""Gives the current aware UTC instant."""

Wakes = Callable[[], AsyncIterator[str]]
"""Yields whenever the store may have changed, and at least every ``poll_s`` seconds."""


class Reads(Protocol):
    """Reads of the store; both raise ``PeerUnavailable`` when it is away."""

    async def board(self, now: datetime) -> BoardRows:
        """All open cases and the counts of the day."""

    async def case(self, reference: str) -> tuple[CaseRow, tuple[PageEventRow, ...]] | None:
        """One case by its short code, with the events of its pages."""


class Inbound(Protocol):
    """What the phone carrier tells us; every call is idempotent, only writes a row, and raises ``PeerUnavailable``."""

    async def record_callback(self, callback: StatusCallback, *, now: datetime) -> bool:
        """Apply a delivery receipt; False where its page is unknown or its nonce is wrong."""

    async def record_reply(self, from_number: str, body: str, *, message_sid: str, now: datetime) -> ReplyResult:
        """Apply a person's answer and say what became of it."""

    async def record_key(self, press: KeyPress, *, now: datetime) -> KeyResult | None:
        """Apply a key pressed in a call; None where its page is unknown or its nonce is wrong."""


class Signed(Protocol):
    """The check of the carrier's signature."""

    def __call__(self, *, public_url: str, form: Mapping[str, str], signature: str) -> bool:
        """Say whether the carrier signed this form for this address; takes the same time either way."""
