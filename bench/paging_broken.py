"""Pagers that are broken on purpose: the harness must see what each of them does wrong.

Who calls it: ``bench.paging_process``. Each one differs from the real pager in one decision about a page in doubt.
"""

from __future__ import annotations

import enum

from prometheus_client import CollectorRegistry

from alerting.core.pages import PageEvent, Step
from alerting.pager.attempt import Attempts
from alerting.pager.claimed import Claimed, plain
from alerting.pager.sender import Sender
from alerting.pager.service import Pager, PagerPorts
from alerting.settings import PagingSettings

_TOO_SHORT_S = 0.02


class Variant(enum.StrEnum):
    """Which pager."""

    REAL = "real"
    NAIVE_RETRY = "naive-retry"
    """Doubt means: send again at once."""
    AT_MOST_ONCE = "at-most-once"
    """Doubt, and a lease that ran out, means: it failed."""
    SHORT_SETTLE = "short-settle"
    """Looks into the list before the message can stand there."""


class _NaiveRetry(Attempts):
    def settle_s(self, channel: str) -> float:
        del channel
        return 0.0

    async def look_up(self, claimed: Claimed) -> Step | None:
        happening = plain(claimed, PageEvent.NOT_FOUND)
        return await self._journal.record(claimed.row.page_id, happening, fence=claimed.row.fence)


class _AtMostOnce(Attempts):
    def settle_s(self, channel: str) -> float:
        del channel
        return 0.0

    async def look_up(self, claimed: Claimed) -> Step | None:
        happening = plain(claimed, PageEvent.REJECTED, reason="in_doubt")
        return await self._journal.record(claimed.row.page_id, happening, fence=claimed.row.fence)


class _ShortSettle(Attempts):
    def settle_s(self, channel: str) -> float:
        del channel
        return _TOO_SHORT_S


_BROKEN: dict[Variant, type[Attempts]] = {
    Variant.NAIVE_RETRY: _NaiveRetry,
    Variant.AT_MOST_ONCE: _AtMostOnce,
    Variant.SHORT_SETTLE: _ShortSettle,
}


class BrokenPager(Pager):
    """The real pager with other hands."""

    def __init__(self, settings: PagingSettings, ports: PagerPorts, registry: CollectorRegistry, kind: Variant) -> None:
        super().__init__(settings, ports, registry)
        attempts = _BROKEN[kind](settings, ports.channels, ports.people, self._journal, self._metrics)
        self._sender = Sender(ports.engine, settings, attempts, self._journal, clock=self._clock, owner=self.owner)
        self._duties = self._make_duties()


def make_pager(settings: PagingSettings, ports: PagerPorts, kind: Variant) -> Pager:
    """Make the pager of a variant."""
    registry = CollectorRegistry()
    return Pager(settings, ports, registry) if kind is Variant.REAL else BrokenPager(settings, ports, registry, kind)
