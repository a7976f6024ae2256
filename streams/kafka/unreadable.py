"""Records whose header names are no UTF-8: handed on as empty ones, so that they end as dead letters.

aiokafka 0.14 raises while it unpacks such a record. Faust's consumer then crashes, and after a restart meets the same
record again: one record of a broken producer would stop everything behind it for ever. ``install`` is called once by
``make_app``. All records of the batch from there on are handed on so, because a batch comes from one producer; their
bytes stay at their origin, which the dead letter names. Nothing is skipped. To be read again on every change of the
pinned version of aiokafka.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from typing import Any

import structlog
from aiokafka.consumer import fetcher
from aiokafka.structs import ConsumerRecord

_log = structlog.get_logger(__name__)
_CREATE_TIME = 0
MARK = ("unreadable", b"header_name")
"""Header of a record that stands for one which could not be read."""


def install() -> None:
    """Make every consumer of this process read so; repeated calls change nothing."""
    fetcher.PartitionRecords = ReadableRecords


class _Batches:
    """The batches of an answer, remembering where the current one ends."""

    def __init__(self, records: Any) -> None:
        self._records = records
        self.end = 0

    def has_next(self) -> bool:
        return bool(self._records.has_next())

    def next_batch(self) -> Any:
        batch = self._records.next_batch()
        self.end = batch.next_offset
        return batch


class ReadableRecords(fetcher.PartitionRecords):  # type: ignore[misc] # mypy does not look into it
    """The records of one partition's answer; what cannot be unpacked becomes an empty record of the same offset."""

    next_fetch_offset: int

    def __init__(self, tp: Any, records: Any, *arguments: Any, **named: Any) -> None:
        self._batches = _Batches(records)
        super().__init__(tp, self._batches, *arguments, **named)

    def __next__(self) -> Any:
        """The next record, readable or not."""
        try:
            return super().__next__()
        except UnicodeDecodeError:
            _log.error("record_unreadable", topic=self._tp.topic, partition=self._tp.partition)
            self._records_iterator = itertools.chain(self._stand_ins(self._batches.end), self._unpack_records())
            return super().__next__()

    def _stand_ins(self, end: int) -> Iterator[Any]:
        for offset in range(self.next_fetch_offset, end):
            self.next_fetch_offset = offset + 1
            yield ConsumerRecord(
                topic=self._tp.topic,
                partition=self._tp.partition,
                offset=offset,
                timestamp=0,
                timestamp_type=_CREATE_TIME,
                key=b"",
                value=b"",
                checksum=None,
                serialized_key_size=0,
                serialized_value_size=0,
                headers=(MARK,),
            )
