"""A message by another provider: the way for whom no text reaches; in doubt it is sent once more at most."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

import pytest
from aiohttp import web
from prometheus_client import CollectorRegistry
from pydantic import SecretStr

from alerting.channels.apprise.message import AppriseMessages
from alerting.channels.apprise.settings import MessageSettings
from alerting.channels.twilio.sms import TwilioSms
from alerting.core.contacts import ChannelName
from alerting.pager.service import Pager, PagerPorts
from alerting.roster import StaticRoster
from simulator.carrier.settings import PhoneSettings
from store.outbox import PageTimes
from tests.alerting.pager.harness import NEUROLOGIST, World, carrier_settings, twilio_for, until

pytestmark = [
    pytest.mark.integration,
    pytest.mark.filterwarnings("ignore:'imghdr' is deprecated:DeprecationWarning"),
]


@asynccontextmanager
async def _hook(status: int) -> AsyncIterator[tuple[str, list[dict[str, str]]]]:
    received: list[dict[str, str]] = []

    async def take(request: web.Request) -> web.Response:
        received.append(await request.json())
        return web.Response(status=status)

    app = web.Application()
    app.add_routes([web.post("/hook", take)])
    runner = web.AppRunner(app, shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    try:
        yield f"json://127.0.0.1:{runner.addresses[0][1]}/hook", received
    finally:
        await runner.cleanup()


@asynccontextmanager
async def _paging(world: World, url: str) -> AsyncIterator[None]:
    sms = TwilioSms(twilio_for(world.carrier))
    messages = AppriseMessages({"neuro-1": SecretStr(url)}, MessageSettings(timeout_s=1, socket_timeout_s=1))
    ports = PagerPorts(
        engine=world.engine,
        store=world.store,
        channels={ChannelName.SMS: sms, ChannelName.MESSAGE: messages},
        people=StaticRoster(world.settings),
        events=world.events,
    )
    stop = asyncio.Event()
    running = asyncio.create_task(Pager(world.settings, ports, CollectorRegistry()).run(stop))
    try:
        yield
    finally:
        stop.set()
        await running
        await sms.close()
        await messages.close()


async def _world(make_world: Callable[..., World], url: str) -> World:
    phone = PhoneSettings(number=NEUROLOGIST, reachable=False, answer=None)
    contact = {"code": "neuro-1", "number": NEUROLOGIST, "message_url": url}
    world = make_world(carrier_settings(phones=[phone]), contacts=[contact], teams={"stroke": ["neuro-1"]}, lease_s=12)
    await world.carrier.start()
    return world


async def _message(world: World, incident_id: str, state: str) -> PageTimes:
    async def reached() -> PageTimes | None:
        pages = await world.pages(incident_id)
        return next((page for page in pages if (page.channel, page.state) == ("message", state)), None)

    return await until(reached, within_s=30)


async def test_whom_no_text_reaches_gets_a_message(make_world: Callable[..., World]) -> None:
    async with _hook(200) as (url, received):
        world = await _world(make_world, url)
        async with _paging(world, url):
            incident_id, reference = await world.open()
            page = await _message(world, incident_id, "accepted")
    assert (page.step, page.possible_duplicate) == (0, False)
    (message,) = received
    assert reference in message["message"]


async def test_a_message_in_doubt_is_sent_once_more_where_nothing_else_is_left_and_then_given_up(
    make_world: Callable[..., World],
) -> None:
    async with _hook(500) as (url, received):
        world = await _world(make_world, url)
        async with _paging(world, url):
            incident_id, _ = await world.open()
            page = await _message(world, incident_id, "failed")
    assert (page.possible_duplicate, page.last_error) == (True, "lookup_no_list")
    assert len(received) == 2
