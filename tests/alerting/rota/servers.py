"""A real web server on loopback that serves one calendar and can be told to misbehave."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from aiohttp import web


@dataclass
class CalendarServer:
    """What it serves; ``asked`` holds the If-None-Match of each request."""

    body: bytes = b""
    etag: str = ""
    status: int = 200
    hang_s: float = 0.0
    url: str = ""
    asked: list[str] = field(default_factory=list)

    async def serve(self, request: web.Request) -> web.Response:
        self.asked.append(request.headers.get("If-None-Match", ""))
        await asyncio.sleep(self.hang_s)
        headers = {"ETag": self.etag} if self.etag else {}
        if self.etag and self.asked[-1] == self.etag:
            return web.Response(status=304, headers=headers)
        return web.Response(status=self.status, body=self.body, headers=headers)

    async def move(self, request: web.Request) -> web.Response:
        raise web.HTTPFound("/loop" if request.path == "/loop" else "/rota.ics")


@asynccontextmanager
async def calendar_server(body: str = "") -> AsyncIterator[CalendarServer]:
    """Serve on a free port of loopback."""
    server = CalendarServer(body=body.encode())
    app = web.Application()
    app.router.add_get("/rota.ics", server.serve)
    app.router.add_get("/moved", server.move)
    app.router.add_get("/loop", server.move)
    runner = web.AppRunner(app, shutdown_timeout=0.1)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    host, port = runner.addresses[0][:2]
    server.url = f"http://{host}:{port}/rota.ics"
    try:
        yield server
    finally:
        await runner.cleanup()
