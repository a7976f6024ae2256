"""One claimed page: send it, or look for it. At most one request to the provider creates anything.

Who calls it: ``alerting.pager.sender``, with a page whose claim is committed. Times are counted from the claim by the
monotonic clock, so that a step of the wall clock neither shortens nor lengthens a lease.
"""

from __future__ import annotations

import random
from collections.abc import Mapping
from datetime import datetime, timedelta

import structlog

from alerting.channels.port import NO_LIST, Channel, Outbound, Receipt
from alerting.core.contacts import ChannelName, Directory
from alerting.core.pages import PageEffect, PageEvent, Step
from alerting.core.planning import MessageKind, attempt_nonce
from alerting.core.sending import (
    SendKind,
    SendOutcome,
    after_failed_lookup,
    backoff_s,
    event_of,
    next_lookup_at,
)
from alerting.pager.claimed import RECEIPT_EVENTS, Claimed, plain
from alerting.pager.columns import Happening
from alerting.pager.journal import Journal
from alerting.pager.metrics import PagerMetrics
from alerting.pager.settling import Settling
from alerting.settings import PagingSettings
from schemas.errors import PeerUnavailable
from store.pages import PageRow

_log = structlog.get_logger(__name__)
_LEAST_ROOM_S = 0.5


class Attempts:
    """Carries out claims."""

    def __init__(
        self,
        settings: PagingSettings,
        channels: Mapping[ChannelName, Channel],
        directory: Directory,
        journal: Journal,
        metrics: PagerMetrics,
        *,
        settling: Settling | None = None,
    ) -> None:
        self._settings = settings
        self._channels = channels
        self._directory = directory
        self._journal = journal
        self._metrics = metrics
        self._settling = settling
        self._random = random.SystemRandom()

    def settle_s(self, channel: str) -> float:
        """Seconds to wait before looking for a page in doubt of this channel."""
        return self._settings.settle_s if self._settling is None else self._settling.settle_s(channel)

    @property
    def lease_s(self) -> float:
        """Seconds that a claim lasts: room for an attempt and the settle time, whatever was learnt of the latter."""
        needed = (channel.timeout_s + self.settle_s(name) for name, channel in self._channels.items())
        return max(self._settings.lease_s, max(needed, default=0.0) + _LEAST_ROOM_S)

    async def send(self, claimed: Claimed) -> Step | None:
        """Send a page once and record how that ended."""
        row = claimed.row
        message = self._message(row)
        channel = self._channel(row)
        if message is None or channel is None:
            return await self._reject(claimed, "unknown_recipient" if message is None else "unknown_channel")
        if claimed.elapsed_s > _lease_of(claimed, self.lease_s) - channel.timeout_s - self.settle_s(row.channel):
            # Too late to be over before the lease is: nothing was sent, the next claim finds that out.
            _log.warning("page_attempt_abandoned", page_id=row.page_id, elapsed_s=round(claimed.elapsed_s, 3))
            return None
        sent_at = claimed.now
        outcome = await channel.send(message)
        self._metrics.attempts.labels(row.channel, outcome.kind, outcome.reason).inc()
        if outcome.sid is not None and self._settling is not None:
            self._settling.accepted(ChannelName(row.channel), channel, message, outcome.sid)
        happening = self._happening(claimed, outcome, sent_at)
        step = await self._journal.record(row.page_id, happening, fence=row.fence)
        if step is None and outcome.kind is SendKind.ACCEPTED:
            # A later claim owns the page, but that the provider has it is true for every claim.
            step = await self._journal.record(row.page_id, happening)
        return step

    async def look_up(self, claimed: Claimed) -> Step | None:
        """Look for a page in doubt: adopt it, put it back to be sent, or look again later."""
        row = claimed.row
        message, channel = self._message(row), self._channel(row)
        if message is None or channel is None:
            return await self._reject(claimed, "unknown_recipient" if message is None else "unknown_channel")
        try:
            found = await channel.find(message)
        except PeerUnavailable as error:
            self._metrics.lookups.labels(row.channel, "failed").inc()
            return await self._journal.record(row.page_id, await self._failed_lookup(claimed, error), fence=row.fence)
        candidates = [self.adoption(claimed, receipt) for receipt in found]
        missing = plain(claimed, PageEvent.NOT_FOUND)
        unsure = plain(claimed, PageEvent.LOOKUP_EXHAUSTED, reason="not_told_apart")
        step = await self._journal.adopt(row.page_id, candidates, missing, unsure=unsure, fence=row.fence)
        missed = step is None or step.effect in {PageEffect.SEND_AGAIN, PageEffect.SEND_AGAIN_FLAGGED}
        self._metrics.lookups.labels(row.channel, "not_found" if missed else "found").inc()
        return step

    def adoption(self, claimed: Claimed, found: Receipt) -> Happening:
        """What it means that the provider's list holds the page."""
        now = claimed.now
        return Happening(
            event=RECEIPT_EVENTS[found.state],
            key=f"{claimed.row.page_id}/{claimed.row.fence}/found",
            at=now,
            sid=found.sid,
            receipt_due_at=now + timedelta(seconds=self._settings.receipt_poll_s),
            reason=found.why,
            detail={"adopted": True, "status": found.status},
        )

    def _happening(self, claimed: Claimed, outcome: SendOutcome, sent_at: datetime) -> Happening:
        event, now = event_of(outcome), claimed.now
        return Happening(
            event=event,
            key=f"{claimed.row.page_id}/{claimed.row.fence}/{event}",
            at=now,
            sid=outcome.sid,
            sent_at=sent_at,
            due_at=now + timedelta(seconds=self._wait_s(claimed.row, outcome)),
            receipt_due_at=now + timedelta(seconds=self._settings.receipt_poll_s),
            reason="" if outcome.kind is SendKind.ACCEPTED else outcome.reason,
        )

    def _wait_s(self, row: PageRow, outcome: SendOutcome) -> float:
        if outcome.kind is SendKind.RETRY_SAFE:
            return backoff_s(row.tries, jitter=self._random.random(), retry_after_s=outcome.retry_after_s)
        return self.settle_s(row.channel)

    async def _failed_lookup(self, claimed: Claimed, error: PeerUnavailable) -> Happening:
        # Where there is no list, no look-up will ever end the doubt: once more, flagged, is enough.
        enough = error.reason == NO_LIST and claimed.row.possible_duplicate
        other_way = enough or await self._has_other_way(claimed.row)
        now, budget_s = claimed.now, self._settings.lookup_budget_s
        since = claimed.row.lookup_since or now
        event = after_failed_lookup(since=since, now=now, budget_s=budget_s, other_way=other_way)
        return Happening(
            event=event,
            key=f"{claimed.row.page_id}/{claimed.row.fence}/{event}",
            at=now,
            due_at=next_lookup_at(since=since, now=now, budget_s=budget_s),
            reason=f"lookup_{error.reason}",
        )

    async def _has_other_way(self, row: PageRow) -> bool:
        """Whether this person is or can be reached at this step over another channel that this pager has."""
        contact = self._directory.contact(row.recipient)
        if contact is None or row.kind != MessageKind.PAGE:
            return False
        others = {str(name) for name in self._channels if name in contact.channels and name != row.channel}
        return bool(others - await self._journal.spent_ways(row))

    async def _reject(self, claimed: Claimed, reason: str) -> Step | None:
        happening = plain(claimed, PageEvent.REJECTED, reason=reason)
        return await self._journal.record(claimed.row.page_id, happening, fence=claimed.row.fence)

    def _channel(self, row: PageRow) -> Channel | None:
        return next((channel for name, channel in self._channels.items() if name == row.channel), None)

    def _message(self, row: PageRow) -> Outbound | None:
        contact = self._directory.contact(row.recipient)
        number = row.to_number or (contact.number if contact else None)
        if number is None:
            return None
        attempt_id = row.attempt_id or ""
        return Outbound(
            page_id=row.page_id,
            attempt_id=attempt_id,
            nonce=attempt_nonce(row.nonce, attempt_id),
            to=number,
            recipient=row.recipient,
            body=row.body,
            created_at=row.created_at,
            first=row.kind == MessageKind.PAGE and row.step == 0,
            sent_at=row.sent_at or row.claimed_at,
        )


def _lease_of(claimed: Claimed, otherwise: float) -> float:
    """Seconds for which this claim was made; what was learnt since does not lengthen it."""
    until = claimed.row.lease_until
    return otherwise if until is None else (until - claimed.at).total_seconds()
