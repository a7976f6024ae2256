"""Page changes on their way to Kafka, for the processes that change pages."""

from __future__ import annotations

import asyncio

from codestroke.roles.run import utc_now
from schemas import topics
from schemas.events import PageChanged
from streams.kafka.emit import make_record
from streams.kafka.producer import AckedProducer


class KafkaPageEvents:
    """Publishes page changes; the blocking producer runs in a thread."""

    def __init__(self, producer: AckedProducer, *, source: str) -> None:
        self._producer, self._source = producer, source

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
            source=self._source,
            now=utc_now(),
        )
        await asyncio.to_thread(self._producer.send, record)
