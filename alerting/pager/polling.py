"""Asking the provider: receipts that no callback brought, and answers. Enough alone where nothing may call us.

Who calls it: ``alerting.pager.service``, every few seconds.
"""

from __future__ import annotations

from datetime import datetime, timedelta

import structlog
from sqlalchemy.ext.asyncio import AsyncEngine

from alerting.channels.port import Channel, Inbox
from alerting.core.contacts import ChannelName
from alerting.pager.answers import ReplyResult, reply_key
from alerting.pager.clock import SteadyClock
from alerting.pager.inbound import Inbound
from alerting.settings import PagingSettings
from schemas.errors import PeerUnavailable
from store import leases, pages
from store.engine import transaction
from store.leases import Lease
from store.pages import PageRow

_log = structlog.get_logger(__name__)
_RECEIPTS_A_ROUND = 20
_REMEMBERED = 5000


class ReceiptPolling:
    """Asks for the receipts of accepted pages."""

    def __init__(
        self,
        engine: AsyncEngine,
        settings: PagingSettings,
        channels: dict[ChannelName, Channel],
        inbound: Inbound,
        clock: SteadyClock,
    ) -> None:
        self._engine = engine
        self._settings = settings
        self._channels = {str(name): channel for name, channel in channels.items()}
        self._inbound = inbound
        self._clock = clock

    async def round(self) -> int:
        """Ask for what is due; return how many receipts were read.

        Raises:
            PeerUnavailable: PostgreSQL does not answer.
        """
        async with transaction(self._engine) as connection:
            lease = Lease(owner="", now=await self._clock.now(connection), seconds=self._settings.receipt_poll_s)
            after = lease.now - timedelta(seconds=self._settings.receipt_window_s)
            rows = await leases.claim_receipts(connection, lease, accepted_after=after, limit=_RECEIPTS_A_ROUND)
        asked = [await self._ask(row, lease.now) for row in rows]
        return asked.count(True)

    async def _ask(self, row: PageRow, now: datetime) -> bool:
        """Ask for one receipt; one that cannot be read must not hide the others, it is due again soon."""
        channel = self._channels.get(row.channel)
        if channel is None or row.provider_sid is None:
            return False
        try:
            receipt = await channel.receipt(row.provider_sid)
        except PeerUnavailable as error:
            _log.warning("receipt_unread", page_id=row.page_id, reason=error.reason)
            return False
        await self._inbound.record_status(receipt, now=now)
        return True


class ReplyPolling:
    """Fetches the answers that came in."""

    def __init__(
        self, engine: AsyncEngine, settings: PagingSettings, inbox: Inbox, inbound: Inbound, clock: SteadyClock
    ) -> None:
        self._engine = engine
        self._settings = settings
        self._inbox = inbox
        self._inbound = inbound
        self._clock = clock
        self._known: dict[str, None] = {}

    async def round(self) -> list[ReplyResult]:
        """Apply the answers not seen before; return what became of them.

        Raises:
            PeerUnavailable: PostgreSQL or the provider does not answer.
        """
        async with transaction(self._engine) as connection:
            now = await self._clock.now(connection)
        texts = await self._inbox.received(now - timedelta(seconds=self._settings.reply_window_s))
        new = [text for text in texts if text.sid not in self._known]
        if not new:
            return []
        async with transaction(self._engine) as connection:
            old = await pages.seen(connection, [reply_key(text.sid) for text in new])
        results = []
        for text in new:
            if reply_key(text.sid) not in old:
                results.append(await self._inbound.record_reply(text.sender, text.body, message_sid=text.sid, now=now))
            self._remember(text.sid)
        return results

    def _remember(self, sid: str) -> None:
        self._known[sid] = None
        if len(self._known) > _REMEMBERED:
            del self._known[next(iter(self._known))]
