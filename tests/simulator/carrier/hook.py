"""A webhook on loopback that keeps the signed calls it gets, and answers calls with TwiML."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from aiohttp import web

TAKEN = "<Response><Say>Thank you.</Say><Hangup/></Response>"


@dataclass
class Told:
    """One call of a webhook."""

    url: str
    form: dict[str, str]
    signature: str


@dataclass
class Hook:
    """What came in; ``answers`` are given to keys in order, then ``TAKEN``."""

    url: str = ""
    told: list[Told] = field(default_factory=list)
    answers: list[str] = field(default_factory=list)

    @property
    def keys(self) -> list[str]:
        """The keys pressed, in order."""
        return [each.form["Digits"] for each in self.told if "Digits" in each.form]

    def statuses(self, name: str = "CallStatus") -> list[str]:
        """The statuses told, in order."""
        return [each.form[name] for each in self.told if name in each.form and "Digits" not in each.form]

    async def take(self, request: web.Request) -> web.Response:
        form = {name: str(value) for name, value in (await request.post()).items()}
        self.told.append(Told(str(request.url), form, request.headers["X-Twilio-Signature"]))
        if "Digits" not in form:
            return web.Response(status=204)
        return web.Response(text=self.answers.pop(0) if self.answers else TAKEN, content_type="text/xml")


@asynccontextmanager
async def hooked() -> AsyncIterator[Hook]:
    """A webhook that listens within the block."""
    hook, app = Hook(), web.Application()
    app.router.add_post("/{tail:.*}", hook.take)
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    hook.url = f"http://127.0.0.1:{runner.addresses[0][1]}"
    try:
        yield hook
    finally:
        await runner.cleanup()


async def until(fact: Callable[[], bool]) -> None:
    """Wait for a fact."""
    for _ in range(500):
        if fact():
            return
        await asyncio.sleep(0.01)
    raise AssertionError("did not happen within 5 s")
