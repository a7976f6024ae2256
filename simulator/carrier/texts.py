"""The life of a text message: sent, delivered or not, told, and answered by the person who reads it.

Who calls it: the network, one task for each message.
"""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from simulator.carrier.callbacks import fields_of
from simulator.carrier.messages import Message
from simulator.carrier.settings import PhoneSettings

if TYPE_CHECKING:
    from simulator.carrier.network import Network

_UNREACHABLE = 30003  # Twilio: unreachable destination handset


async def live(network: Network, message: Message) -> None:
    """Move a message along."""
    settings, phone = network.settings, network.phone(message.to)
    reachable = phone is None or phone.reachable
    statuses = ["sent", "delivered" if reachable else "undelivered"]
    # A network that calls back in the wrong order tells the last status first.
    backwards = network.plan.happens(settings.faults.callbacks_reversed)
    await asyncio.sleep(settings.sent_after_s)
    message.move(statuses[0], datetime.now(UTC))
    if not backwards:
        _tell(network, message, statuses[0])
    await asyncio.sleep(max(0.0, settings.delivered_after_s - settings.sent_after_s))
    message.move(statuses[1], datetime.now(UTC), None if reachable else _UNREACHABLE)
    for status in reversed(statuses) if backwards else statuses[1:]:
        _tell(network, message, status)
    if reachable and phone is not None:
        await _answer(network, message, phone)


async def _answer(network: Network, message: Message, phone: PhoneSettings) -> None:
    if phone.answer is None or not message.code:
        return
    network.answers_due[message.sid] = datetime.now(UTC) + timedelta(seconds=phone.answer_after_s)
    await asyncio.sleep(phone.answer_after_s)
    del network.answers_due[message.sid]
    network.receive(sender=phone.number, body=phone.answer.format(code=message.code), to=message.sender)


def _tell(network: Network, message: Message, status: str) -> None:
    network.announcer.tell(message.callback_url, fields_of(message, status))
