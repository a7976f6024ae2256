"""The board's webhook routes on a free loopback port, and a count of what came to them.

Who calls it: ``bench.paging_play``, in seeds in which the carrier calls back. Whether a request is forged is found out
here by the carrier's own code and the nonce that its forger uses, not by the code that is to refuse it.
"""

from __future__ import annotations

import asyncio
import contextlib
import hmac
import socket
from collections import Counter
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from functools import partial
from urllib.parse import parse_qsl

import uvicorn
from fastapi import FastAPI
from prometheus_client import CollectorRegistry
from sqlalchemy.ext.asyncio import AsyncEngine
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from alerting.channels.twilio.callbacks import is_signed
from alerting.channels.twilio.settings import TwilioSettings
from alerting.pager.inbound import Inbound
from alerting.pager.journal import Journal
from alerting.pager.metrics import PagerMetrics
from alerting.pager.publishing import BestEffortPublisher, NoEvents
from alerting.pager.rules import Rules
from alerting.roster import StaticRoster
from alerting.settings import PagingSettings
from board.metrics import BoardMetrics
from board.webhooks import Webhooks, webhook_routes
from simulator.carrier.callbacks import signature

FORGED_NONCE = "guessed"
_CLIENT_ERROR = 400


class _Server(uvicorn.Server):
    """Leaves signals alone: the bench has its own."""

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


class Watched:
    """An ASGI application that counts what comes and what becomes of it."""

    def __init__(self, app: ASGIApp, base: str, token: str) -> None:
        self._app, self._base, self._token = app, base, token
        self.counts: Counter[str] = Counter()
        self._seen: set[bytes] = set()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        body = await _body(receive)
        forged = self._is_forged(scope, body)

        async def replay() -> Message:
            return {"type": "http.request", "body": body, "more_body": False}

        async def watch(message: Message) -> None:
            if message["type"] == "http.response.start":
                self._count(scope, body, status=int(message["status"]), forged=forged)
            await send(message)

        await self._app(scope, replay, watch)

    def _count(self, scope: Scope, body: bytes, *, status: int, forged: bool) -> None:
        accepted = status < _CLIENT_ERROR
        if forged:
            self.counts["forged_accepted" if accepted else "forged_refused"] += 1
            return
        words = scope["raw_path"] + scope["query_string"] + body
        self.counts["repeated" if words in self._seen else "called"] += 1
        if not accepted:
            self.counts[f"genuine_{status}"] += 1
        self._seen.add(words)

    def _is_forged(self, scope: Scope, body: bytes) -> bool:
        query = scope["query_string"].decode("ascii")
        url = f"{self._base}{scope['raw_path'].decode('ascii')}" + (f"?{query}" if query else "")
        given = dict(scope["headers"]).get(b"x-twilio-signature", b"")
        expected = signature(url, dict(parse_qsl(body.decode(), keep_blank_values=True)), self._token)
        other_nonce = dict(parse_qsl(query)).get("nonce") == FORGED_NONCE
        return other_nonce or not hmac.compare_digest(expected.encode(), given)


def free_socket() -> tuple[socket.socket, str]:
    """A listening place on loopback and its address."""
    place = socket.socket()
    place.bind(("127.0.0.1", 0))
    return place, f"http://127.0.0.1:{place.getsockname()[1]}"


@asynccontextmanager
async def webhooks(
    engine: AsyncEngine, paging: PagingSettings, twilio: TwilioSettings, *, place: socket.socket, base: str
) -> AsyncIterator[Watched]:
    """Serve the webhooks within the block."""
    metrics = PagerMetrics(CollectorRegistry())
    journal = Journal(engine, BestEffortPublisher(NoEvents(), metrics), metrics, actor="board")
    routes = Webhooks(
        inbound=Inbound(engine, Rules(paging, StaticRoster(paging)), journal, metrics, actor="board"),
        signed=partial(is_signed, twilio),
        base_url=base,
        clock=lambda: datetime.now(UTC),
        metrics=BoardMetrics(CollectorRegistry()),
    )
    app = FastAPI(openapi_url=None)
    app.include_router(webhook_routes(routes))
    watched = Watched(app, base, twilio.auth_token.get_secret_value())
    config = uvicorn.Config(watched, log_config=None, access_log=False, lifespan="off", timeout_graceful_shutdown=1)
    server = _Server(config)
    serving = asyncio.create_task(server.serve(sockets=[place]))
    try:
        yield watched
    finally:
        server.should_exit = True
        await serving


async def _body(receive: Receive) -> bytes:
    body = bytearray()
    while True:
        message = await receive()
        body += message.get("body", b"")
        if not message.get("more_body", False):
            return bytes(body)
