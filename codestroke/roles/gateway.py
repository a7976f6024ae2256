"""The gateway as a process."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping

from codestroke.settings import Settings
from streams.gateway.service import Gateway
from streams.kafka.producer import AckedProducer
from streams.pathways.lanes import arrival_topic


class GatewayRole:
    """The DICOM door, the watchers and the producer."""

    def __init__(self, settings: Settings) -> None:
        self._producer = AckedProducer(settings.kafka, client_id="codestroke-gateway")
        self._gateway = Gateway(settings.gateway_settings(), self._producer, topic_of=arrival_topic)

    async def run(self, stop: asyncio.Event) -> None:
        """Run until ``stop``."""
        try:
            await self._gateway.run(stop)
        finally:
            await asyncio.to_thread(self._producer.close)

    def health(self) -> Mapping[str, object]:
        """State of door, index and producer."""
        return self._gateway.health()
