"""What comes back: receipts and answers, by webhook or by asking; the same rules for both.

Who calls it: the board's webhook routes (after the signature check) and the pager's polling. Everything here may come
twice, late, reversed or forged: each status and each answer counts once, states only move forward, and a callback
must know its page's nonce.
"""

from __future__ import annotations

import hmac
from dataclasses import dataclass, field
from datetime import datetime, timedelta

import structlog
from sqlalchemy.ext.asyncio import AsyncEngine

from alerting.channels.port import Receipt
from alerting.core.pages import Step
from alerting.core.planning import attempt_nonce
from alerting.core.replies import ReplyKind
from alerting.pager.answers import Answers, ReplyResult
from alerting.pager.board_answers import BoardAnswers
from alerting.pager.claimed import RECEIPT_EVENTS
from alerting.pager.columns import Happening
from alerting.pager.journal import Journal
from alerting.pager.keypresses import KeyPresses
from alerting.pager.keys import KeyPress, KeyResult
from alerting.pager.metrics import PagerMetrics
from alerting.pager.rules import Rules
from alerting.pager.taking import Taking
from store import pages
from store.engine import transaction
from store.pages import PageRow

__all__ = ["Inbound", "ReplyResult", "StatusCallback"]

_log = structlog.get_logger(__name__)
_FIRST_RECEIPT = timedelta(seconds=5)


@dataclass(frozen=True, slots=True, kw_only=True)
class StatusCallback:
    """A status webhook as the route read it: page, attempt and nonce from its address, the receipt from its body."""

    page_id: str
    attempt_id: str
    nonce: str = field(repr=False)
    receipt: Receipt


class Inbound:
    """Applies receipts and answers to pages and incidents."""

    def __init__(
        self, engine: AsyncEngine, rules: Rules, journal: Journal, metrics: PagerMetrics, *, actor: str = "pager"
    ) -> None:
        self._engine = engine
        self._journal = journal
        taking = Taking(rules, journal, metrics, actor)
        self._answers = Answers(engine, taking)
        self._keys = KeyPresses(engine, taking)
        self._board = BoardAnswers(engine, taking)

    async def record_callback(self, callback: StatusCallback, *, now: datetime) -> bool:
        """Apply a status webhook; False where its page is unknown or its nonce is wrong (answer 403).

        Raises:
            PeerUnavailable: PostgreSQL does not answer (answer 503, the provider tries again).
        """
        async with transaction(self._engine) as connection:
            row = await pages.lock(connection, callback.page_id)
            expected = attempt_nonce(row.nonce, callback.attempt_id) if row else ""
            if row is None or not hmac.compare_digest(expected.encode(), callback.nonce.encode()):
                _log.warning("status_callback_refused", page_id=callback.page_id, known=row is not None)
                return False
            happening = _receipt_happening(callback.receipt, now)
            step = await self._journal.apply(connection, row, happening)
        self._tell(row, step, happening)
        return True

    async def record_status(self, receipt: Receipt, *, now: datetime) -> Step | None:
        """Apply a receipt that we asked for; the page is known by the provider's name of the message."""
        async with transaction(self._engine) as connection:
            row = await pages.lock_by_sid(connection, receipt.sid)
            if row is None:
                return None
            happening = _receipt_happening(receipt, now)
            step = await self._journal.apply(connection, row, happening)
        self._tell(row, step, happening)
        return step

    async def record_reply(self, from_number: str, body: str, *, message_sid: str, now: datetime) -> ReplyResult:
        """Apply an answer by text message: it acknowledges only if its sender was paged for the case that it names.

        Raises:
            PeerUnavailable: PostgreSQL does not answer.
        """
        return await self._answers.record(from_number, body, message_sid=message_sid, now=now)

    async def record_key(self, press: KeyPress, *, now: datetime) -> KeyResult | None:
        """Apply a key pressed in a call; None where its page is unknown or its nonce is wrong (answer 403).

        Raises:
            PeerUnavailable: PostgreSQL does not answer.
        """
        return await self._keys.record(press, now=now)

    async def who_may_answer(self, reference: str, *, now: datetime) -> tuple[str, ...]:
        """Codes of the people who may be named on the board for a case: of its teams, or paged for it.

        Raises:
            PeerUnavailable: PostgreSQL does not answer.
        """
        return await self._board.people(reference, now=now)

    async def answer_on_board(
        self, reference: str, person_code: str, kind: ReplyKind, *, token: str, now: datetime
    ) -> ReplyResult:
        """Apply an answer that a person gave on the board; ``token`` is the form's, so that it counts once.

        Raises:
            PeerUnavailable: PostgreSQL does not answer.
            ValueError: ``kind`` is no answer to an incident.
        """
        return await self._board.record(reference, person_code, kind, token=token, now=now)

    def _tell(self, row: PageRow, step: Step | None, happening: Happening) -> None:
        if step is not None:
            self._journal.tell(row, step.state, at=happening.at, detail=happening.event, key=happening.key)


def _receipt_happening(receipt: Receipt, now: datetime) -> Happening:
    reason = receipt.why
    return Happening(
        event=RECEIPT_EVENTS[receipt.state],
        key=f"status/{receipt.sid}/{receipt.status}",
        at=now,
        sid=receipt.sid,
        receipt_due_at=now + _FIRST_RECEIPT,
        reason=reason,
        detail={"status": receipt.status, "error_code": receipt.error_code},
    )
