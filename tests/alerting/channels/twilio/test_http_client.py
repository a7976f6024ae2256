"""The HTTP port tells apart what cannot have reached the provider from what may have."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator

import pytest
from aiohttp import web

from alerting.channels.twilio.http_client import NoAnswer, NotSent, RateLimited, TwilioHttp

ANYWHERE = "https://api.twilio.com/2010-04-01/x.json"


async def _answer(request: web.Request) -> web.StreamResponse:
    match request.query.get("do"):
        case "hang":
            await asyncio.sleep(2)
        case "reset":
            assert request.transport is not None
            request.transport.abort()
        case "storm":
            return web.Response(status=429, headers={"Retry-After": request.query["wait"]})
    return web.json_response({"path": request.path, "authorization": request.headers.get("Authorization")})


@pytest.fixture
async def http() -> AsyncIterator[TwilioHttp]:
    app = web.Application()
    app.router.add_route("*", "/{tail:.*}", _answer)
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    client = TwilioHttp(f"http://127.0.0.1:{runner.addresses[0][1]}", timeout_s=0.3)
    yield client
    await client.close()
    await runner.cleanup()


async def test_every_request_goes_to_the_setting_with_authentication(http: TwilioHttp) -> None:
    answer = await http.request("get", ANYWHERE, auth=("user", "secret"))
    assert (answer.status_code, "/2010-04-01/x.json" in answer.text) == (200, True)
    assert "Basic dXNlcjpzZWNyZXQ=" in answer.text


async def test_a_hanging_provider_is_no_answer_within_the_time_out(http: TwilioHttp) -> None:
    started = time.monotonic()
    with pytest.raises(NoAnswer):
        await http.request("POST", ANYWHERE, params={"do": "hang"})
    assert time.monotonic() - started < 1


async def test_a_reset_is_no_answer(http: TwilioHttp) -> None:
    with pytest.raises(NoAnswer):
        await http.request("POST", ANYWHERE, params={"do": "reset"})


async def test_a_closed_port_is_not_sent_and_names_the_setting() -> None:
    client = TwilioHttp("http://127.0.0.1:9", timeout_s=0.3)
    with pytest.raises(NotSent, match=r"twilio\.base_url"):
        await client.request("POST", ANYWHERE)
    await client.close()


@pytest.mark.parametrize(("header", "seconds"), [("7", 7.0), ("soon", 1.0), ("-3", 1.0), ("inf", 1.0), ("0.5", 0.5)])
async def test_a_429_carries_the_providers_wish(http: TwilioHttp, header: str, seconds: float) -> None:
    with pytest.raises(RateLimited) as caught:
        await http.request("POST", ANYWHERE, params={"do": "storm", "wait": header})
    assert caught.value.retry_after_s == seconds
