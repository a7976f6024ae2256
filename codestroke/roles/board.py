"""The board as a process: pages for people, and the carrier's webhooks."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime

import structlog
import uvicorn
from prometheus_client import REGISTRY

from alerting.core.escalation import Policy
from alerting.pager.inbound import Inbound
from alerting.pager.journal import Journal
from alerting.pager.metrics import PagerMetrics
from alerting.pager.publishing import BestEffortPublisher
from alerting.pager.rules import Rules
from alerting.rota.copies import StoredCopies
from alerting.rota.roster import CalendarAge, CalendarRoster
from board.app import BoardDeps, create_app, server_config
from board.settings import BoardSettings
from codestroke.roles.events import KafkaPageEvents
from codestroke.roles.run import utc_now
from codestroke.settings import Settings
from store.engine import open_engine
from streams.kafka.producer import AckedProducer

_log = structlog.get_logger(__name__)
_ROTA_EVERY_S = 5.0


class _Rota:
    """What the board shows of rota and policies."""

    def __init__(self, roster: CalendarRoster, rules: Rules) -> None:
        self._roster, self._rules = roster, rules

    def ages(self, now: datetime) -> Sequence[CalendarAge]:
        """The age of every calendar."""
        return self._roster.ages(now)

    def policy(self, team: str) -> Policy:
        """How a page of a team climbs."""
        return self._rules.policy(team)


class _Server(uvicorn.Server):
    """Leaves signals to the role: two handlers would end the process before it has finished."""

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Capture none."""
        yield


class BoardRole:
    """The board's web server."""

    def __init__(self, settings: Settings) -> None:
        self._engine = open_engine(settings.store)
        self._producer = AckedProducer(settings.kafka, client_id="codestroke-board")
        metrics = PagerMetrics(REGISTRY)
        self._publisher = BestEffortPublisher(KafkaPageEvents(self._producer, source="board"), metrics)
        journal = Journal(self._engine, self._publisher, metrics, actor="board")
        # Reads the copies that the pagers keep; the board asks no calendar's server.
        self._roster = CalendarRoster(settings.paging, copies=StoredCopies(self._engine), fetch=None)
        rules = Rules(settings.paging, self._roster)
        deps = BoardDeps(
            engine=self._engine,
            store=settings.store,
            settings=_reached_at(settings),
            clock=utc_now,
            inbound=Inbound(self._engine, rules, journal, metrics, actor="board"),
            twilio=settings.twilio,
            rota=_Rota(self._roster, rules),
            registry=REGISTRY,
        )
        self._server = _Server(server_config(create_app(deps), settings.board))

    async def run(self, stop: asyncio.Event) -> None:
        """Serve until ``stop``."""
        await self._roster.refresh_round()
        reading = asyncio.create_task(self._keep_rota(), name="board-rota")
        publishing = asyncio.create_task(self._publisher.run(), name="page-events")
        serving = asyncio.create_task(self._server.serve(), name="board")
        stopping = asyncio.create_task(stop.wait())
        try:
            await asyncio.wait({serving, stopping}, return_when=asyncio.FIRST_COMPLETED)
            self._server.should_exit = True
            await serving
        finally:
            for task in (publishing, stopping, reading):
                task.cancel()
            await asyncio.gather(publishing, stopping, reading, return_exceptions=True)
            await asyncio.to_thread(self._producer.close)
            await self._engine.dispose()

    async def _keep_rota(self) -> None:
        while True:
            await asyncio.sleep(_ROTA_EVERY_S)
            try:
                await self._roster.refresh_round()
            except Exception:  # noqa: BLE001 - supervisor edge: the copies grow old on the screen, the board goes on
                _log.exception("board_rota_failed")

    def health(self) -> Mapping[str, object]:
        """Whether the web server answers."""
        return {"ready": self._server.started}


def _reached_at(settings: Settings) -> BoardSettings:
    """The carrier signs the address that it calls; where the board is told none, it is the pager's public address."""
    if settings.board.public_url or not settings.paging.public_url:
        return settings.board
    return settings.board.model_copy(update={"public_url": settings.paging.public_url.rstrip("/")})
