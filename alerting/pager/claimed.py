"""A page in our hands: the claim, its clock, and the events that receipts are.

Who calls it: the sender makes them, the attempts carry them out.
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from datetime import datetime, timedelta

from alerting.channels.port import ReceiptState
from alerting.core.pages import PageEvent
from alerting.pager.columns import Happening
from store.pages import PageRow

RECEIPT_EVENTS = {
    ReceiptState.ON_ITS_WAY: PageEvent.ACCEPTED,
    ReceiptState.DELIVERED: PageEvent.DELIVERED,
    ReceiptState.UNDELIVERED: PageEvent.UNDELIVERED,
}


@dataclass(frozen=True, slots=True)
class Claimed:
    """A page in our hands since ``at``, by the store's clock, and ``monotonic_s``, by this machine's."""

    row: PageRow
    at: datetime
    monotonic_s: float

    @property
    def now(self) -> datetime:
        """The store's clock, carried on by the monotonic clock."""
        return self.at + timedelta(seconds=self.elapsed_s)

    @property
    def elapsed_s(self) -> float:
        """Seconds since the claim."""
        return time.monotonic() - self.monotonic_s


def plain(claimed: Claimed, event: PageEvent, *, reason: str = "") -> Happening:
    """A happening that needs no facts but its time."""
    key = f"{claimed.row.page_id}/{claimed.row.fence}/{event}"
    return Happening(event=event, key=key, at=claimed.now, reason=reason)


def not_needed(row: PageRow, now: datetime) -> Happening:
    """The happening that closes a page that nobody needs any more."""
    return Happening(event=PageEvent.NO_LONGER_NEEDED, key=f"{row.page_id}/{row.fence}/not_needed", at=now)
