"""An emitter that keeps what it is given, and can refuse."""

from __future__ import annotations

from typing import Any

from schemas.codec import Record, decode
from schemas.errors import PeerUnavailable
from schemas.topics import Topic


class KeptEmitter:
    """Implements ``streams.kafka.emit.Emitter``."""

    def __init__(self) -> None:
        self.records: list[Record] = []
        self.broken = 0

    async def emit(self, record: Record, *, partition: int | None = None) -> None:
        """Keep the record, or fail for the next ``broken`` calls."""
        del partition
        if self.broken:
            self.broken -= 1
            raise PeerUnavailable("broker is away", reason="broker_unavailable")
        self.records.append(record)

    def of(self, topic: Topic) -> list[Any]:
        """Decoded bodies of the records on ``topic``."""
        return [decode(topic, item.value, item.headers) for item in self.records if item.topic == topic.name]
