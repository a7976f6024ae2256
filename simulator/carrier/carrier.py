"""The carrier as a server: start, stop, and its address.

Who calls it: the composition root (role process and demo), tests and benches. It binds to loopback and prints nothing.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

from aiohttp import web
from aiohttp.typedefs import Middleware

from simulator.carrier import desk, rest, rest_calls
from simulator.carrier.ledger import Entry
from simulator.carrier.network import Network
from simulator.carrier.rest_common import NETWORK
from simulator.carrier.settings import CarrierSettings

_SHUTDOWN_S = 0.2


class Carrier:
    """A running carrier; ``async with Carrier(settings) as carrier``.

    ``middlewares`` let a test see what goes over the wire.
    """

    def __init__(self, settings: CarrierSettings, *, middlewares: Sequence[Middleware] = ()) -> None:
        self.settings = settings
        self._middlewares = middlewares
        self.network = Network(settings)
        self._runner: web.AppRunner | None = None
        self._port = 0

    @property
    def url(self) -> str:
        """Base address, once started."""
        return f"http://{self.settings.host}:{self._port}"

    @property
    def accepted(self) -> tuple[Entry, ...]:
        """The ledger."""
        return self.network.ledger.entries

    async def start(self) -> None:
        """Listen; with port 0 a free one is taken."""
        app = web.Application(middlewares=self._middlewares)
        app[NETWORK] = self.network
        app.add_routes([*rest.routes(), *rest_calls.routes(), *desk.routes()])
        self._runner = web.AppRunner(app, access_log=None, shutdown_timeout=_SHUTDOWN_S)
        await self._runner.setup()
        site = web.TCPSite(self._runner, self.settings.host, self.settings.port)
        await site.start()
        self._port = int(self._runner.addresses[0][1])

    async def stop(self) -> None:
        """Stop listening and forget what was still to happen."""
        await self.network.close()
        if self._runner is not None:
            await self._runner.cleanup()
            self._runner = None

    async def run(self, stop: asyncio.Event) -> None:
        """Be a carrier until ``stop`` is set."""
        await self.start()
        try:
            await stop.wait()
        finally:
            await self.stop()

    async def __aenter__(self) -> Carrier:
        await self.start()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.stop()
