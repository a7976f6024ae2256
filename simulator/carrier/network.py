"""The phone network: takes messages and calls, moves them along, and knows the phones.

Who calls it: the REST routes. Everything that happens later is a task of its own, ended by ``close``.
"""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine, Set
from datetime import UTC, datetime, timedelta

from simulator.carrier import ringing, texts
from simulator.carrier.announcing import Announcer
from simulator.carrier.callbacks import Caller, fields_of
from simulator.carrier.calls import Call
from simulator.carrier.faults import FaultPlan
from simulator.carrier.ledger import Ledger
from simulator.carrier.messages import Message
from simulator.carrier.settings import CarrierSettings, Fault, PhoneSettings

_OPT_OUT = frozenset({"STOP", "STOPALL", "UNSUBSCRIBE", "CANCEL", "END", "QUIT"})
_OPT_IN = frozenset({"START", "UNSTOP", "YES"})


class Network:
    """Messages, calls, phones and what they do."""

    def __init__(self, settings: CarrierSettings) -> None:
        self.settings = settings
        self.plan = FaultPlan(settings.faults, settings.seed)
        self.ledger = Ledger()
        self.messages: list[Message] = []
        self.calls: list[Call] = []
        self.opted_out: set[str] = set()
        self.answers_due: dict[str, datetime] = {}
        """Sid of a message to the time at which its reader will answer."""
        self._phones = {phone.number: phone for phone in settings.phones}
        self._caller = Caller(settings.auth_token.get_secret_value())
        self._tasks: set[asyncio.Task[None]] = set()
        self.announcer = Announcer(self._caller, self.plan, self._spawn)

    @property
    def phones(self) -> tuple[PhoneSettings, ...]:
        """The phones, as they are now."""
        return tuple(self._phones.values())

    def phone(self, number: str) -> PhoneSettings | None:
        """The phone with this number."""
        return self._phones.get(number)

    def set_phone(self, phone: PhoneSettings) -> None:
        """Add a phone, or change what its holder does."""
        self._phones[phone.number] = phone

    def accept(self, *, to: str, sender: str, body: str, callback_url: str, fault: Fault) -> Message:
        """Take a message: from here on it counts as accepted."""
        now = datetime.now(UTC)
        message = Message(
            account_sid=self.settings.account_sid,
            sender=sender,
            to=to,
            body=body,
            direction="outbound-api",
            status="queued",
            created_at=now,
            visible_at=self._visible_from(now),
            callback_url=callback_url,
        )
        self.messages.append(message)
        self.ledger.append(message, fault)
        self._spawn(texts.live(self, message))
        return message

    def accept_call(
        self, *, to: str, sender: str, twiml: str, ring_s: float, callback_url: str, events: Set[str], fault: Fault
    ) -> Call:
        """Take a call: from here on it counts as accepted."""
        now = datetime.now(UTC)
        call = Call(
            account_sid=self.settings.account_sid,
            sender=sender,
            to=to,
            twiml=twiml,
            ring_s=ring_s,
            created_at=now,
            visible_at=self._visible_from(now),
            callback_url=callback_url,
            events=events or frozenset({"completed"}),
        )
        self.calls.append(call)
        self.ledger.append(call, fault)
        self._spawn(ringing.live(self, call))
        return call

    def receive(self, *, sender: str, body: str, to: str | None = None) -> Message:
        """Take a message from a phone to one of our numbers, the first unless told."""
        now = datetime.now(UTC)
        message = Message(
            account_sid=self.settings.account_sid,
            sender=sender,
            to=to or self.settings.number,
            body=body,
            direction="inbound",
            status="received",
            created_at=now,
            visible_at=self._visible_from(now),
            sent_at=now,
        )
        self.messages.append(message)
        self._mind_the_word(sender, body.strip().upper())
        if self.settings.sms_webhook_url:
            self.announcer.bring(self.settings.sms_webhook_url, fields_of(message, "received"))
        return message

    def find(self, sid: str) -> Message | None:
        """The message with this name."""
        return next((message for message in self.messages if message.sid == sid), None)

    def find_call(self, sid: str) -> Call | None:
        """The call with this name."""
        return next((call for call in self.calls if call.sid == sid), None)

    def visible(self, now: datetime) -> list[Message]:
        """What the list of messages shows at ``now``, newest first."""
        return [message for message in reversed(self.messages) if message.visible_at <= now]

    def visible_calls(self, now: datetime) -> list[Call]:
        """What the list of calls shows at ``now``, newest first."""
        return [call for call in reversed(self.calls) if call.visible_at <= now]

    async def close(self) -> None:
        """End everything that was still to happen."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await self._caller.close()

    def _visible_from(self, now: datetime) -> datetime:
        return now + timedelta(seconds=self.settings.list_lag_s)

    def _mind_the_word(self, sender: str, word: str) -> None:
        if word in _OPT_OUT:
            self.opted_out.add(sender)
        elif word in _OPT_IN:
            self.opted_out.discard(sender)

    def _spawn(self, work: Coroutine[object, object, None]) -> None:
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
