"""The pager as a process: the phone carrier, the rota, the watch over deadlines and best-effort events to Kafka."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from datetime import UTC, datetime

from prometheus_client import REGISTRY

from alerting.channels.apprise.message import AppriseMessages
from alerting.channels.paced import paced
from alerting.channels.port import Channel
from alerting.channels.twilio.sms import TwilioSms
from alerting.channels.twilio.voice import TwilioVoice
from alerting.core.contacts import ChannelName
from alerting.pager.service import Pager, PagerPorts
from alerting.rota.check import refuse_gaps
from alerting.rota.copies import StoredCopies
from alerting.rota.roster import CalendarRoster
from codestroke.roles.events import KafkaPageEvents
from codestroke.roles.paging import DeadlineFailer
from codestroke.roles.worker import worker_deps
from codestroke.settings import Settings
from schemas.errors import BadSettings
from streams.app import make_decision
from streams.kafka.producer import AckedProducer


class PagerRole:
    """One pager; several may run on one database."""

    def __init__(self, settings: Settings) -> None:
        if settings.twilio is None:
            raise BadSettings(
                "setting twilio is missing: the pager has no carrier (account_sid, auth_token, from_number)"
            )
        self._deps = worker_deps(settings)
        self._producer = AckedProducer(settings.kafka, client_id="codestroke-pager")
        self._roster = CalendarRoster(settings.paging, copies=StoredCopies(self._deps.engine))
        self._sms = TwilioSms(settings.twilio, callback_base=settings.paging.callback_base)
        self._voice = TwilioVoice(settings.twilio, callback_base=settings.paging.callback_base)
        channels: dict[ChannelName, Channel] = {
            ChannelName.SMS: paced(self._sms, settings.twilio.messages_per_s),
            ChannelName.VOICE: paced(self._voice, settings.twilio.calls_per_s),
        }
        self._messages = message_channel(settings)
        if self._messages is not None:
            channels[ChannelName.MESSAGE] = self._messages
        ports = PagerPorts(
            engine=self._deps.engine,
            store=settings.store,
            channels=channels,
            people=self._roster,
            events=KafkaPageEvents(self._producer, source="pager"),
            inbox=self._sms,
            overdue=DeadlineFailer(self._deps.engine, make_decision(self._deps, actor="pager")),
            refresh_rota=self._roster.refresh_round,
            rota_gaps=self._roster.gaps,
        )
        self._pager = Pager(settings.paging, ports, REGISTRY)

    async def run(self, stop: asyncio.Event) -> None:
        """Run until ``stop``.

        Raises:
            BadSettings: a tier of a team has nobody who can be reached at some instant of the next 30 days.
        """
        try:
            await refuse_gaps(self._roster, datetime.now(UTC))
            await self._pager.run(stop)
        finally:
            await self._sms.close()
            await self._voice.close()
            if self._messages is not None:
                await self._messages.close()
            await asyncio.to_thread(self._producer.close)
            await self._deps.engine.dispose()

    def health(self) -> Mapping[str, object]:
        """State of every duty."""
        duties = self._pager.health()
        return {"ready": all(state == "ok" for state in duties.values()), "duties": duties}


def message_channel(settings: Settings) -> AppriseMessages | None:
    """The second provider, where any contact has an address there.

    Raises:
        BadSettings: an address is none.
    """
    contacts = settings.paging.contacts
    addresses = {contact.code: contact.message_url for contact in contacts if contact.message_url is not None}
    return AppriseMessages(addresses, settings.message) if addresses else None
