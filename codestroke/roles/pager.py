"""The pager as a process: Twilio, the roster, the watch over deadlines and best-effort events to Kafka."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping

from prometheus_client import REGISTRY

from alerting.channels.port import Channel
from alerting.channels.twilio.sms import TwilioSms
from alerting.core.contacts import ChannelName
from alerting.pager.service import Pager, PagerPorts
from alerting.roster import StaticRoster
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
        roster = StaticRoster(settings.paging)
        self._sms = TwilioSms(settings.twilio, callback_base=settings.paging.callback_base)
        channels: dict[ChannelName, Channel] = {ChannelName.SMS: self._sms}
        ports = PagerPorts(
            engine=self._deps.engine,
            store=settings.store,
            channels=channels,
            people=roster,
            events=KafkaPageEvents(self._producer, source="pager"),
            inbox=self._sms,
            overdue=DeadlineFailer(self._deps.engine, make_decision(self._deps, actor="pager")),
        )
        self._pager = Pager(settings.paging, ports, REGISTRY)

    async def run(self, stop: asyncio.Event) -> None:
        """Run until ``stop``."""
        try:
            await self._pager.run(stop)
        finally:
            await self._sms.close()
            await asyncio.to_thread(self._producer.close)
            await self._deps.engine.dispose()

    def health(self) -> Mapping[str, object]:
        """State of every duty."""
        duties = self._pager.health()
        return {"ready": all(state == "ok" for state in duties.values()), "duties": duties}
