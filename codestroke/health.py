"""``/healthz`` and ``/metrics`` of a role: a small aiohttp server in the role's own event loop."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from datetime import UTC, datetime

from aiohttp import web
from prometheus_client import REGISTRY, exposition

from codestroke.settings import HealthSettings

Health = Callable[[], Mapping[str, object]]
Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]
_NOT_READY = 503


@asynccontextmanager
async def serve_health(settings: HealthSettings, role: str, health: Health) -> AsyncIterator[str]:
    """Serve for the length of the block; yields the address ``http://host:port``.

    ``/healthz`` answers 200 when ``health()["ready"]`` is true and 503 otherwise, with the state as JSON.
    """
    app = web.Application()
    app.router.add_get("/healthz", _healthz(role, health))
    app.router.add_get("/metrics", _metrics)
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    try:
        site = web.TCPSite(runner, settings.host, settings.port)
        await site.start()
        address = _address(runner)
        if settings.file is not None:
            settings.file.parent.mkdir(parents=True, exist_ok=True)
            settings.file.write_text(address)
        yield address
    finally:
        await runner.cleanup()


def _healthz(role: str, health: Health) -> Handler:
    async def handler(_: web.Request) -> web.StreamResponse:
        state = {"role": role, "at": datetime.now(UTC).isoformat(), **health()}
        return web.json_response(text=json.dumps(state, default=str), status=200 if state.get("ready") else _NOT_READY)

    return handler


async def _metrics(_: web.Request) -> web.Response:
    return web.Response(
        body=exposition.generate_latest(REGISTRY), headers={"Content-Type": exposition.CONTENT_TYPE_LATEST}
    )


def _address(runner: web.AppRunner) -> str:
    host, port = runner.addresses[0][:2]
    return f"http://{host}:{port}"
