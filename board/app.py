"""Composition of the board: ports and settings in, a FastAPI application out. The only module that knows the adapters.

Called by ``codestroke board`` (``create_app``) and by the tests (``assemble`` with their own ports).
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

import structlog
import uvicorn
from fastapi import FastAPI
from fastapi.staticfiles import StaticFiles
from prometheus_client import CollectorRegistry
from sqlalchemy.ext.asyncio import AsyncEngine

from alerting.channels.twilio.callbacks import is_signed
from alerting.channels.twilio.settings import TwilioSettings
from board.feed import BoardFeed, Trouble
from board.forms import Forms, form_routes
from board.headers import SecurityHeaders
from board.machines import machine_routes
from board.metrics import BoardMetrics
from board.pin import PinGate
from board.ports import Answers, CarrierAndBoard, Clock, Desk, Inbound, Reads, Rota, Signed, Wakes
from board.reading import StoreReads, store_wakes
from board.rendering import Pages
from board.screens import screen_routes
from board.settings import BoardSettings
from board.webhooks import Webhooks, webhook_routes
from board.writing import StoreDesk
from store.engine import StoreSettings

_log = structlog.get_logger(__name__)
_STATIC = Path(__file__).parent / "static"
_STOP_S = 2  # event streams never end by themselves; a stopping server waits this long for them
_RESTART_S = 1.0


@dataclass(frozen=True, slots=True, kw_only=True)
class BoardDeps:
    """What ``codestroke board`` hands over; without ``inbound`` and ``twilio`` there are no webhooks.

    Without ``inbound`` or the setting ``board.pin`` there are no forms; without ``rota`` no next steps and no ages of
    calendars.
    """

    engine: AsyncEngine
    store: StoreSettings
    settings: BoardSettings
    clock: Clock
    inbound: CarrierAndBoard | None = None
    twilio: TwilioSettings | None = None
    rota: Rota | None = None
    registry: CollectorRegistry = field(default_factory=CollectorRegistry)


@dataclass(frozen=True, slots=True, kw_only=True)
class BoardPorts:
    """The board's ports, real or of a test."""

    reads: Reads
    wakes: Wakes
    clock: Clock
    inbound: Inbound | None = None
    signed: Signed | None = None
    answers: Answers | None = None
    desk: Desk | None = None
    registry: CollectorRegistry = field(default_factory=CollectorRegistry)


def create_app(deps: BoardDeps) -> FastAPI:
    """The board on the real store."""
    ports = BoardPorts(
        reads=StoreReads(deps.engine, deps.settings, deps.rota),
        wakes=store_wakes(deps.store, deps.settings),
        clock=deps.clock,
        inbound=deps.inbound,
        signed=partial(is_signed, deps.twilio) if deps.twilio else None,
        answers=deps.inbound,
        desk=StoreDesk(deps.engine),
        registry=deps.registry,
    )
    return assemble(deps.settings, ports)


def server_config(app: FastAPI, settings: BoardSettings) -> uvicorn.Config:
    """How uvicorn serves the board: no access log (addresses hold nonces), and open streams do not delay a stop."""
    return uvicorn.Config(
        app,
        host=settings.host,
        port=settings.port,
        access_log=False,
        log_config=None,
        server_header=False,
        ws="none",
        timeout_graceful_shutdown=_STOP_S,
    )


def assemble(settings: BoardSettings, ports: BoardPorts) -> FastAPI:
    """The board on the given ports."""
    metrics, pages = BoardMetrics(ports.registry), Pages(settings)
    feed = BoardFeed(ports.reads, ports.wakes, clock=ports.clock, metrics=metrics)
    app = FastAPI(title=settings.title, lifespan=_running(feed), openapi_url=None, docs_url=None, redoc_url=None)
    app.add_middleware(SecurityHeaders)
    app.mount("/static", StaticFiles(directory=_STATIC), name="static")
    app.include_router(
        screen_routes(
            feed=feed,
            reads=ports.reads,
            pages=pages,
            settings=settings,
            clock=ports.clock,
            metrics=metrics,
        )
    )
    app.include_router(machine_routes(feed=feed, settings=settings, clock=ports.clock, metrics=metrics))
    if ports.inbound is not None and ports.signed is not None:
        webhooks = Webhooks(
            inbound=ports.inbound,
            signed=ports.signed,
            base_url=settings.webhook_base,
            clock=ports.clock,
            metrics=metrics,
        )
        app.include_router(webhook_routes(webhooks))
    if settings.pin is not None and ports.answers is not None and ports.desk is not None:
        forms = Forms(
            answers=ports.answers,
            desk=ports.desk,
            gate=PinGate(settings.pin),
            feed=feed,
            pages=pages,
            settings=settings,
            clock=ports.clock,
            metrics=metrics,
        )
        app.include_router(form_routes(forms))
    return app


def _running(feed: BoardFeed) -> Callable[[FastAPI], contextlib.AbstractAsyncContextManager[None]]:
    @contextlib.asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        task = asyncio.create_task(_supervised(feed), name="board-feed")
        try:
            yield
        finally:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)

    return lifespan


async def _supervised(feed: BoardFeed) -> None:
    while True:
        try:
            await feed.run()
        except Exception as error:  # noqa: BLE001 - supervisor edge: a fault must turn screens stale, not end the reader
            _log.error("board_reader_failed", exc_info=error)
            feed.fail(Trouble("reader_failed", f"the board's own reader failed: {type(error).__name__}"))
        await asyncio.sleep(_RESTART_S)
