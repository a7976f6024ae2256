"""Telling webhooks, with all that goes wrong on the way: lost, twice, forged, replayed.

Who calls it: the lives of texts and calls. Reversal is theirs, because only they know the order.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine, Mapping
from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit

from simulator.carrier.callbacks import Caller, Heard
from simulator.carrier.faults import FaultPlan

_FORGER = "the token of somebody else"
Spawn = Callable[[Coroutine[object, object, None]], None]


class Announcer:
    """Calls webhooks as a network with faults does; ``spawn`` makes a task that the network ends."""

    def __init__(self, caller: Caller, plan: FaultPlan, spawn: Spawn) -> None:
        self._caller = caller
        self._plan = plan
        self._spawn = spawn

    def tell(self, url: str, fields: Mapping[str, str]) -> None:
        """A status: nobody waits for its answer."""
        faults = self._plan.settings
        if not url or self._plan.happens(faults.callback_lost):
            return
        for _ in range(2 if self._plan.happens(faults.callback_twice) else 1):
            self._spawn(self._call(url, fields))
        self._shadow(url, fields)

    def bring(self, url: str, fields: Mapping[str, str]) -> None:
        """A person's text message: it is brought once, or more often, but not lost."""
        self._spawn(self._call(url, fields))
        self._shadow(url, fields)

    async def ask(self, url: str, fields: Mapping[str, str]) -> Heard | None:
        """A key of a call: what is answered goes on in the call."""
        self._shadow(url, fields)
        return await self._caller.call(url, fields)

    def _shadow(self, url: str, fields: Mapping[str, str]) -> None:
        faults = self._plan.settings
        if self._plan.happens(faults.forged):
            self._spawn(self._call(url, fields, token=_FORGER))
            if other := _with_other_nonce(url):
                self._spawn(self._call(other, fields))
        if self._plan.happens(faults.callback_replayed):
            self._spawn(self._call(url, fields, after_s=faults.replayed_after_s))

    async def _call(
        self, url: str, fields: Mapping[str, str], *, token: str | None = None, after_s: float = 0.0
    ) -> None:
        await asyncio.sleep(after_s)
        await self._caller.call(url, fields, token=token)


def _with_other_nonce(url: str) -> str | None:
    parts = urlsplit(url)
    query = dict(parse_qsl(parts.query))
    if "nonce" not in query:
        return None
    return urlunsplit(parts._replace(query=urlencode({**query, "nonce": "guessed"})))
