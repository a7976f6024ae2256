"""The pager as a process: Twilio, the roster, the watch over deadlines and best-effort events to Kafka."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping

from prometheus_client import REGISTRY

from alerting.channels.port import Channel
from alerting.channels.twilio.sms import TwilioSms
from alerting.core.planning import ChannelName
from alerting.pager.service import Pager, PagerPorts
from alerting.roster import StaticRoster
from codestroke.roles.paging import DeadlineFailer
from codestroke.roles.run import utc_now
from codestroke.roles.worker import worker_deps
from codestroke.settings import Settings
from schemas import topics
from schemas.errors import BadSettings
from schemas.events import PageChanged
from streams.app import make_decision
from streams.kafka.emit import make_record
from streams.kafka.producer import AckedProducer


class KafkaPageEvents:
    """Publishes page changes; the blocking producer runs in a thread."""

    def __init__(self, producer: AckedProducer) -> None:
        self._producer = producer

    async def publish(self, event: PageChanged, *, event_id: str) -> None:
        """Publish one change.

        Raises:
            PeerUnavailable: Kafka did not acknowledge it.
        """
        record = make_record(
            topics.PAGE_CHANGED,
            event.case_id,
            event,
            case_id=event.case_id,
            content=event_id,
            source="pager",
            now=utc_now(),
        )
        await asyncio.to_thread(self._producer.send, record)


class PagerRole:
    """One pager; several may run on one database."""

    def __init__(self, settings: Settings) -> None:
        if settings.twilio is None:
            raise BadSettings(
                "setting twilio is missing: the pager has no carrier (account_sid, auth_token, from_number)"
            )
        self._deps = worker_deps(settings)
        self._producer = AckedProducer(settings.kafka, client_id="codestroke-pager")
        roster, sms = StaticRoster(settings.paging), TwilioSms(settings.twilio)
        channels: dict[ChannelName, Channel] = {ChannelName.SMS: sms}
        ports = PagerPorts(
            engine=self._deps.engine,
            store=settings.store,
            channels=channels,
            directory=roster,
            events=KafkaPageEvents(self._producer),
            inbox=sms,
            overdue=DeadlineFailer(self._deps.engine, make_decision(self._deps, actor="pager")),
        )
        self._pager = Pager(settings.paging, ports, REGISTRY)

    async def run(self, stop: asyncio.Event) -> None:
        """Run until ``stop``."""
        try:
            await self._pager.run(stop)
        finally:
            await asyncio.to_thread(self._producer.close)
            await self._deps.engine.dispose()

    def health(self) -> Mapping[str, object]:
        """State of every duty."""
        duties = self._pager.health()
        return {"ready": all(state == "ok" for state in duties.values()), "duties": duties}
