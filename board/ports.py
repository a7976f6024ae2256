"""What the board needs from the world, as ports; the real ones are in ``board.reading`` and ``alerting.pager.inbound``.

Declared here because the board uses them; the tests bring their own.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from datetime import datetime
from typing import Protocol

from alerting.core.escalation import Policy
from alerting.core.replies import ReplyKind
from alerting.pager.inbound import ReplyResult, StatusCallback
from alerting.pager.keys import KeyPress, KeyResult
from alerting.rota.roster import CalendarAge
from board.rows import BoardRows, CaseRow, PageEventRow

Clock = Callable[[], datetime]
"""Gives the current aware UTC instant."""

Wakes = Callable[[], AsyncIterator[str]]
"""Yields whenever the store may have changed, and at least every ``poll_s`` seconds."""


class Reads(Protocol):
    """Reads of the store; all raise ``PeerUnavailable`` when it is away."""

    async def board(self, now: datetime) -> BoardRows:
        """All open cases and the counts of the day."""

    async def case(self, reference: str) -> tuple[CaseRow, tuple[PageEventRow, ...]] | None:
        """One case by its short code, with the events of its pages."""

    async def key_image(self, reference: str, pathway: str) -> bytes | None:
        """The key image of a case as PNG."""


class Rota(Protocol):
    """What the settings and the calendars know; asked at every read, answers from memory."""

    def ages(self, now: datetime) -> Sequence[CalendarAge]:
        """The age of every calendar."""

    def policy(self, team: str) -> Policy:
        """How a page of a team climbs."""


class Desk(Protocol):
    """The ED desk's notices."""

    async def seen(self, notice_id: str, *, now: datetime) -> bool:
        """Clear a notice that a person has seen; False where none stands. Raises ``PeerUnavailable``."""


class Answers(Protocol):
    """What people answer on the board; each call raises ``PeerUnavailable`` when the store is away."""

    async def who_may_answer(self, reference: str, *, now: datetime) -> tuple[str, ...]:
        """Codes of those who may be named for a case."""

    async def answer_on_board(
        self, reference: str, person_code: str, kind: ReplyKind, *, token: str, now: datetime
    ) -> ReplyResult:
        """Apply a person's answer; one ``token`` counts once."""


class Inbound(Protocol):
    """What the phone carrier tells us; every call is idempotent, only writes a row, and raises ``PeerUnavailable``."""

    async def record_callback(self, callback: StatusCallback, *, now: datetime) -> bool:
        """Apply a delivery receipt; False where its page is unknown or its nonce is wrong."""

    async def record_reply(self, from_number: str, body: str, *, message_sid: str, now: datetime) -> ReplyResult:
        """Apply a person's answer and say what became of it."""

    async def record_key(self, press: KeyPress, *, now: datetime) -> KeyResult | None:
        """Apply a key pressed in a call; None where its page is unknown or its nonce is wrong."""


class CarrierAndBoard(Inbound, Answers, Protocol):
    """Everything that comes back from people: ``alerting.pager.inbound.Inbound``."""


class Signed(Protocol):
    """The check of the carrier's signature."""

    def __call__(self, *, public_url: str, form: Mapping[str, str], signature: str) -> bool:
        """Say whether the carrier signed this form for this address; takes the same time either way."""
