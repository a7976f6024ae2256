"""Every wait for a PACS ends, every answer is bounded, and the error names PACS and setting."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
from aiohttp import web

from schemas.errors import PeerUnavailable
from streams.gateway.settings import PacsWatch
from streams.gateway.watch import client as client_module
from streams.gateway.watch.client import BAD_ANSWER, NOT_FOUND, PacsClient


async def _slow(_: web.Request) -> web.Response:
    await asyncio.sleep(2)
    return web.Response()


async def _elsewhere(_: web.Request) -> web.Response:
    raise web.HTTPFound("/list")


async def _list(_: web.Request) -> web.Response:
    return web.json_response([{"a": 1}])


async def _nothing(_: web.Request) -> web.Response:
    return web.Response(status=204)


@asynccontextmanager
async def _client() -> AsyncIterator[PacsClient]:
    app = web.Application()
    for path, handler in (("/slow", _slow), ("/elsewhere", _elsewhere), ("/list", _list), ("/nothing", _nothing)):
        app.router.add_get(path, handler)
    runner = web.AppRunner(app, shutdown_timeout=0.1)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    own = PacsWatch(alias="pacs", url=f"http://127.0.0.1:{runner.addresses[0][1]}/", timeout_s=0.3)
    try:
        async with PacsClient(own) as client:
            yield client
    finally:
        await runner.cleanup()


@pytest.mark.parametrize(
    ("path", "words", "reason"),
    [
        ("/slow", "did not answer", PeerUnavailable.reason),
        ("/elsewhere", "answered 302", BAD_ANSWER),
        ("/none", "answered 404", NOT_FOUND),
    ],
)
async def test_what_is_no_answer_names_pacs_and_setting(path: str, words: str, reason: str) -> None:
    async with _client() as client:
        with pytest.raises(PeerUnavailable, match=rf"'pacs'.*{words}.*gateway\.orthanc") as caught:
            await client.get(path)
    assert caught.value.reason == reason


async def test_too_long_an_answer_is_not_read(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(client_module, "_MAX_ANSWER_BYTES", 4)
    async with _client() as client:
        with pytest.raises(PeerUnavailable, match="more than 4 bytes"):
            await client.get("/list")


async def test_shape_is_checked() -> None:
    async with _client() as client:
        assert await client.get_objects("/list") == [{"a": 1}]
        assert await client.get_objects("/nothing") == []
        with pytest.raises(PeerUnavailable, match="JSON object"):
            await client.get_object("/list")
