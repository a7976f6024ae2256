"""The pager's process: which duties it has and how it starts and stops.

Who calls it: the composition root. Several pagers may run on one database; each page is with one of them.
"""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping
from dataclasses import dataclass

import structlog
from prometheus_client import CollectorRegistry
from sqlalchemy.ext.asyncio import AsyncEngine

from alerting.channels.port import Channel as PageChannel
from alerting.channels.port import Inbox
from alerting.core.contacts import ChannelName
from alerting.core.pages import PageState
from alerting.pager.attempt import Attempts
from alerting.pager.clock import SteadyClock
from alerting.pager.duties import Duty, every
from alerting.pager.escalation import Escalation
from alerting.pager.gaps import Gaps, GapWatch
from alerting.pager.heartbeat import Heartbeat
from alerting.pager.inbound import Inbound
from alerting.pager.journal import Journal
from alerting.pager.metrics import PagerMetrics
from alerting.pager.overdue import OverduePort, OverdueWatch
from alerting.pager.polling import ReceiptPolling, ReplyPolling
from alerting.pager.prediction import PredictionWatch
from alerting.pager.publishing import BestEffortPublisher, PageEvents
from alerting.pager.rules import People, Rules
from alerting.pager.sender import Sender
from alerting.pager.settling import Settling
from alerting.pager.silencing import Silencing
from alerting.pager.tests_of_people import StaleProofs
from alerting.settings import PagingSettings
from schemas.errors import BadSettings
from store.desk import standing
from store.engine import StoreSettings, transaction
from store.listen import Channel, wake_ups
from store.pages import count_by_state

_log = structlog.get_logger(__name__)
_RECEIPT_ROUND_S = 1.0
_COUNT_ROUND_S = 5.0
_ROTA_ROUND_S = 10.0
_SETTLE_ROUND_S = 10.0
_PREDICT_ROUND_S = 2.0
_HEARTBEAT_ROUND_S = 2.0
_WITHDRAW_ROUND_S = 15.0
_GAPS_ROUND_S = 60.0
_PATIENCE_ROUNDS = 20
_LEAST_ROOM_S = 0.5
_PUBLISH_PATIENCE_S = 2.0


@dataclass(frozen=True, slots=True, kw_only=True)
class PagerPorts:
    """What the pager is wired to; ``inbox``, ``overdue`` and what is asked of the rota may be absent."""

    engine: AsyncEngine
    store: StoreSettings
    channels: Mapping[ChannelName, PageChannel]
    people: People
    events: PageEvents
    inbox: Inbox | None = None
    overdue: OverduePort | None = None
    refresh_rota: Callable[[], Awaitable[None]] | None = None
    """Asks the calendars that are due."""
    rota_gaps: Gaps | None = None


class Pager:
    """Sends pages, asks for receipts and answers, watches deadlines."""

    def __init__(self, settings: PagingSettings, ports: PagerPorts, registry: CollectorRegistry) -> None:
        _check_times(settings, ports.channels)
        self._settings = settings
        self._ports = ports
        self.owner = f"pager-{secrets.token_hex(4)}"
        self._metrics = PagerMetrics(registry)
        self._publisher = BestEffortPublisher(ports.events, self._metrics)
        self._journal = Journal(ports.engine, self._publisher, self._metrics)
        self._clock = SteadyClock()
        self._rules = Rules(settings, ports.people, channels=ports.channels)
        self.inbound = Inbound(ports.engine, self._rules, self._journal, self._metrics)
        self._settling = Settling(ports.engine, settings, self._clock, self._metrics)
        attempts = Attempts(
            settings, ports.channels, ports.people, self._journal, self._metrics, settling=self._settling
        )
        self._sender = Sender(ports.engine, settings, attempts, self._journal, clock=self._clock, owner=self.owner)
        self._escalation = Escalation(
            ports.engine, self._rules, self._clock, self._metrics, keys=settings.callback_base is not None
        )
        self._silencing = Silencing(ports.engine, self._rules, self._clock, self._metrics)
        self._settle = self._duty("settle", self._settling.round, _SETTLE_ROUND_S)
        self._duties = self._make_duties()

    async def run(self, stop: asyncio.Event) -> None:
        """Page until ``stop`` is set; then finish the attempts under way and leave."""
        _log.info("pager_started", owner=self.owner, mode=str(self._settings.mode))
        await self._settle[0].round()  # what other pagers have learnt counts from the first claim on
        tasks = [asyncio.create_task(self._publisher.run(), name="page-events")]
        tasks += [
            asyncio.create_task(duty.run(self._wakes(duty, pause_s)), name=duty.name) for duty, pause_s in self._duties
        ]
        try:
            await stop.wait()
        finally:
            self._sender.close()
            await self._settling.close()
            for task in tasks[1:]:
                task.cancel()
            await asyncio.gather(*tasks[1:], *(duty.finished() for duty, _ in self._duties), return_exceptions=True)
            await self._sender.drain(self._settings.lease_s)
            await self._publisher.drained(_PUBLISH_PATIENCE_S)
            tasks[0].cancel()
            await asyncio.gather(tasks[0], return_exceptions=True)
            _log.info("pager_stopped", owner=self.owner)

    def health(self) -> dict[str, str]:
        """State of every duty: ``ok``, or why not."""
        return {
            duty.name: "ok" if duty.healthy else f"no success lately: {duty.last_error or 'not run yet'}"
            for duty, _ in self._duties
        }

    def _make_duties(self) -> list[tuple[Duty, float]]:
        settings, ports = self._settings, self._ports
        receipts = ReceiptPolling(ports.engine, settings, dict(ports.channels), self.inbound, self._clock)
        stale = StaleProofs(ports.engine, self._journal, self._clock)
        duties = [
            self._duty("escalate", self._escalate, settings.poll_s),
            self._duty("send", self._sender.round, settings.poll_s),
            self._duty("receipts", receipts.round, min(_RECEIPT_ROUND_S, settings.receipt_poll_s)),
            self._duty("count", self._count, _COUNT_ROUND_S),
            self._duty("withdraw", stale.round, _WITHDRAW_ROUND_S),
            self._settle,
        ]
        if settings.heartbeat is not None:
            beat = Heartbeat(ports.engine, settings.heartbeat, self._rules, self._clock, self._metrics)
            duties.append(self._duty("heartbeat", beat.round, _HEARTBEAT_ROUND_S))
        if ports.inbox is not None:
            replies = ReplyPolling(ports.engine, settings, ports.inbox, self.inbound, self._clock)
            duties.append(self._duty("replies", replies.round, settings.reply_poll_s))
        if ports.refresh_rota is not None:
            duties.append(self._duty("rota", ports.refresh_rota, _ROTA_ROUND_S))
        if ports.rota_gaps is not None:
            gaps = GapWatch(ports.engine, ports.rota_gaps, self._rules, self._clock)
            duties.append(self._duty("gaps", gaps.round, _GAPS_ROUND_S))
        if ports.overdue is not None:
            watch = OverdueWatch(ports.engine, ports.overdue, self._rules, self._clock, self._metrics)
            duties.append(self._duty("overdue", watch.round, settings.overdue_poll_s))
            ahead = PredictionWatch(ports.engine, self._rules, self._clock, self._metrics)
            duties.append(self._duty("predict", ahead.round, _PREDICT_ROUND_S))
        return duties

    def _duty(self, name: str, work: Callable[[], Awaitable[object]], pause_s: float) -> tuple[Duty, float]:
        return Duty(name, work, max(10.0, pause_s * _PATIENCE_ROUNDS), self._metrics), pause_s

    def _wakes(self, duty: Duty, pause_s: float) -> AsyncGenerator[object, None]:
        if duty.name in {"send", "escalate"}:
            return wake_ups(self._ports.store, Channel.PAGES, every_s=pause_s)
        return every(pause_s)

    async def _escalate(self) -> None:
        """What is silenced ends before anything is paged."""
        await self._silencing.round()
        await self._escalation.round()

    async def _count(self) -> None:
        async with transaction(self._ports.engine) as connection:
            counts, notices = await count_by_state(connection), await standing(connection)
            await self._clock.settle(connection)
        for state in PageState:
            self._metrics.pages.labels(state).set(counts.get(state, 0))
        self._metrics.desk_notices.set(len(notices))


def _check_times(settings: PagingSettings, channels: Mapping[ChannelName, PageChannel]) -> None:
    for name, channel in channels.items():
        needed = channel.timeout_s + settings.settle_s + _LEAST_ROOM_S
        if settings.lease_s < needed:
            raise BadSettings(
                f"paging.lease_s is {settings.lease_s:g}, but an attempt on {name} and the settle time need {needed:g}"
            )
