"""The real application on a real port of the loopback, for the tests that speak HTTP."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

import aiohttp
import uvicorn
from fastapi import FastAPI

from board.app import BoardPorts, assemble, server_config
from board.settings import BoardSettings

FAST = BoardSettings(port=0, heartbeat_s=0.2, stale_after_s=3, site="North Hospital")


@dataclass(frozen=True, slots=True)
class Event:
    name: str
    id: str
    data: dict[str, Any]


@asynccontextmanager
async def served(app: BoardPorts | FastAPI, settings: BoardSettings = FAST) -> AsyncIterator[aiohttp.ClientSession]:
    made = app if isinstance(app, FastAPI) else assemble(settings, app)
    server = uvicorn.Server(server_config(made, settings))
    task = asyncio.create_task(server.serve())
    async with asyncio.timeout(10):
        while not server.started:
            await asyncio.sleep(0.01)
    port = server.servers[0].sockets[0].getsockname()[1]
    try:
        async with aiohttp.ClientSession(f"http://127.0.0.1:{port}") as session:
            yield session
    finally:
        server.should_exit = True
        await task


async def events_of(response: aiohttp.ClientResponse) -> AsyncIterator[Event]:
    """Parse server-sent events as the HTML standard says."""
    fields: dict[str, str] = {}
    async for line in _lines(response):
        if not line:
            if "data" in fields:
                yield Event(fields.get("event", "message"), fields.get("id", ""), json.loads(fields["data"]))
            fields = {}
        elif not line.startswith(":"):
            name, _, value = line.partition(": ")
            fields[name] = value


async def _lines(response: aiohttp.ClientResponse) -> AsyncIterator[str]:
    rest = b""
    async for chunk in response.content.iter_any():
        *lines, rest = (rest + chunk).split(b"\n")
        for line in lines:
            yield line.decode()


async def next_event(events: AsyncIterator[Event], name: str, *, within_s: float = 5) -> Event:
    async with asyncio.timeout(within_s):
        async for event in events:
            if event.name == name:
                return event
    raise AssertionError(f"the stream ended without a {name} event")
