"""The phone network: takes messages, moves them along, and lets the people who hold the phones answer.

Who calls it: the REST routes. Everything that happens later is a task of its own, ended by ``close``.
"""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from datetime import UTC, datetime, timedelta

from simulator.carrier.callbacks import Caller, fields_of
from simulator.carrier.faults import FaultPlan
from simulator.carrier.ledger import Ledger
from simulator.carrier.messages import Message
from simulator.carrier.settings import CarrierSettings, Fault, PhoneSettings

_UNREACHABLE = 30003  # Twilio: unreachable destination handset
_OPT_OUT = frozenset({"STOP", "STOPALL", "UNSUBSCRIBE", "CANCEL", "END", "QUIT"})


class Network:
    """Messages, phones and what they do."""

    def __init__(self, settings: CarrierSettings) -> None:
        self.settings = settings
        self.plan = FaultPlan(settings.faults, settings.seed)
        self.ledger = Ledger()
        self.messages: list[Message] = []
        self.opted_out: set[str] = set()
        self.answers_due: dict[str, datetime] = {}
        """Sid of a message to the time at which its reader will answer."""
        self._phones = {phone.number: phone for phone in settings.phones}
        self._caller = Caller(settings.auth_token.get_secret_value())
        self._tasks: set[asyncio.Task[None]] = set()

    @property
    def phones(self) -> tuple[PhoneSettings, ...]:
        """The phones, as they are now."""
        return tuple(self._phones.values())

    def set_phone(self, phone: PhoneSettings) -> None:
        """Add a phone, or change what its holder does."""
        self._phones[phone.number] = phone

    def accept(self, *, to: str, body: str, callback_url: str, fault: Fault) -> Message:
        """Take a message: from here on it counts as accepted."""
        now = datetime.now(UTC)
        message = Message(
            account_sid=self.settings.account_sid,
            sender=self.settings.number,
            to=to,
            body=body,
            direction="outbound-api",
            status="queued",
            created_at=now,
            visible_at=now + timedelta(seconds=self.settings.list_lag_s),
            callback_url=callback_url,
        )
        self.messages.append(message)
        self.ledger.append(message, fault)
        self._spawn(self._live(message))
        return message

    def receive(self, *, sender: str, body: str) -> Message:
        """Take a message from a phone to our number."""
        now = datetime.now(UTC)
        message = Message(
            account_sid=self.settings.account_sid,
            sender=sender,
            to=self.settings.number,
            body=body,
            direction="inbound",
            status="received",
            created_at=now,
            visible_at=now + timedelta(seconds=self.settings.list_lag_s),
            sent_at=now,
        )
        self.messages.append(message)
        if body.strip().upper() in _OPT_OUT:
            self.opted_out.add(sender)
        if self.settings.sms_webhook_url:
            self._spawn(self._call(self.settings.sms_webhook_url, message, "received"))
        return message

    def find(self, sid: str) -> Message | None:
        """The message with this name."""
        return next((message for message in self.messages if message.sid == sid), None)

    def visible(self, now: datetime) -> list[Message]:
        """What the list shows at ``now``, newest first."""
        return [message for message in reversed(self.messages) if message.visible_at <= now]

    async def close(self) -> None:
        """End everything that was still to happen."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await self._caller.close()

    async def _live(self, message: Message) -> None:
        settings, phone = self.settings, self._phones.get(message.to)
        reachable = phone is None or phone.reachable
        statuses = ["sent", "delivered" if reachable else "undelivered"]
        # A network that calls back in the wrong order tells the last status first.
        told = list(reversed(statuses)) if self.plan.happens(settings.faults.callbacks_reversed) else statuses
        await asyncio.sleep(settings.sent_after_s)
        message.move(statuses[0], datetime.now(UTC))
        if told == statuses:
            self._announce(message, told[0])
        await asyncio.sleep(max(0.0, settings.delivered_after_s - settings.sent_after_s))
        message.move(statuses[1], datetime.now(UTC), None if reachable else _UNREACHABLE)
        for status in told if told != statuses else told[1:]:
            self._announce(message, status)
        if reachable and phone is not None:
            await self._answer(message, phone)

    async def _answer(self, message: Message, phone: PhoneSettings) -> None:
        if phone.answer is None or not message.code:
            return
        self.answers_due[message.sid] = datetime.now(UTC) + timedelta(seconds=phone.answer_after_s)
        await asyncio.sleep(phone.answer_after_s)
        del self.answers_due[message.sid]
        self.receive(sender=phone.number, body=phone.answer.format(code=message.code))

    def _announce(self, message: Message, status: str) -> None:
        faults = self.settings.faults
        if not message.callback_url or self.plan.happens(faults.callback_lost):
            return
        for _ in range(2 if self.plan.happens(faults.callback_twice) else 1):
            self._spawn(self._call(message.callback_url, message, status))

    async def _call(self, url: str, message: Message, status: str) -> None:
        await self._caller.call(url, fields_of(message, status))

    def _spawn(self, work: Coroutine[object, object, None]) -> None:
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
