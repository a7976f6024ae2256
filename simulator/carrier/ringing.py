"""The life of a call: it rings, somebody or something picks up, listens, presses keys; or nobody does.

Who calls it: the network, one task for each call. Speech takes no time of its own here: ``key_after_s`` and ``hold_s``
stand for it.
"""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime
from http import HTTPStatus
from typing import TYPE_CHECKING

import structlog

from simulator.carrier.callbacks import call_fields_of
from simulator.carrier.calls import Call
from simulator.carrier.settings import PhoneCall, PhoneSettings
from simulator.carrier.twiml import BadTwiml, Document, read

if TYPE_CHECKING:
    from simulator.carrier.network import Network

_log = structlog.get_logger(__name__)
_TEXT_OF_KEY = {"4": "1", "5": "2", "6": "3"}
"""What a person who would press a key writes where none is waited for."""


async def live(network: Network, call: Call) -> None:
    """Move a call along; its webhooks hear of every event that was asked for."""
    story = _Story(network, call)
    story.tell("initiated", "initiated")
    await asyncio.sleep(network.settings.dial_after_s)
    call.move("ringing", datetime.now(UTC))
    story.tell("ringing", "ringing")
    phone = network.phone(call.to)
    end = await _ring(network, call, phone)
    if phone is not None and end == "completed":
        call.move("in-progress", datetime.now(UTC))
        story.tell("answered", "in-progress")
        await _listen(network, call, phone)
    call.move(end, datetime.now(UTC))
    story.tell("completed", end)
    story.finish()


async def _ring(network: Network, call: Call, phone: PhoneSettings | None) -> str:
    """Let it ring; return how the call will end."""
    if phone is None or (phone.reachable and phone.call is PhoneCall.NONE):
        await asyncio.sleep(min(call.ring_s, network.settings.longest_ring_s))
        return "no-answer"
    if not phone.reachable:
        return "failed"
    if phone.call is PhoneCall.BUSY:
        return "busy"
    if phone.ring_after_s > call.ring_s:
        await asyncio.sleep(call.ring_s)
        return "no-answer"
    await asyncio.sleep(phone.ring_after_s)
    return "completed"


async def _listen(network: Network, call: Call, phone: PhoneSettings) -> None:
    keys = list(phone.key) if phone.call is PhoneCall.KEYS else []
    document: Document | None = call.document
    if keys and document is not None and document.keys_url is None:
        await asyncio.sleep(phone.key_after_s)
        if call.code and (verb := _TEXT_OF_KEY.get(keys[0])):
            network.receive(sender=phone.number, body=f"{verb} {call.code}", to=call.sender)
        return
    while keys and document is not None and document.keys_url is not None:
        await asyncio.sleep(phone.key_after_s)
        document = await _press(network, call, keys.pop(0), document.keys_url)
    if document is not None and document.keys_url is not None:
        await asyncio.sleep(network.settings.hold_s)


async def _press(network: Network, call: Call, key: str, url: str) -> Document | None:
    """Bring a key to its webhook; None where the call breaks off, because nobody answered anything of use."""
    call.pressed += key
    fields = {**call_fields_of(call, "in-progress"), "Digits": key, "FinishedOnKey": ""}
    heard = await network.announcer.ask(url, fields)
    if heard is None or heard.status != HTTPStatus.OK:
        return None
    try:
        return read(heard.text)
    except BadTwiml as error:
        _log.error("twiml_not_understood", error=str(error))
        return None


class _Story:
    """Tells the events of a call in order, or all at its end and backwards."""

    def __init__(self, network: Network, call: Call) -> None:
        self._network = network
        self._call = call
        self._backwards = network.plan.happens(network.settings.faults.callbacks_reversed)
        self._untold: list[dict[str, str]] = []

    def tell(self, event: str, status: str) -> None:
        call = self._call
        if event not in call.events:
            return
        now = datetime.now(UTC)
        more = {"CallbackSource": "call-progress-events", "SequenceNumber": str(call.told)}
        stamp = now.strftime("%a, %d %b %Y %H:%M:%S +0000")
        call.told += 1
        self._untold.append({**call_fields_of(call, status), **more, "Timestamp": stamp})
        if not self._backwards:
            self.finish()

    def finish(self) -> None:
        for fields in reversed(self._untold):
            self._network.announcer.tell(self._call.callback_url, fields)
        self._untold.clear()
