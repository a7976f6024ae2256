"""Dead letters: what could not be processed, kept whole, with where it came from and why.

The value and key are the original bytes; the reason stands in headers. ``codestroke dlq`` lists and replays them.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from schemas.codec import Record
from schemas.errors import CodestrokeError
from schemas.topics import Topic

ORIGIN_TOPIC = "dlq-origin-topic"
ORIGIN_PARTITION = "dlq-origin-partition"
ORIGIN_OFFSET = "dlq-origin-offset"
REASON = "dlq-reason"
ERROR = "dlq-error"
DETAIL = "dlq-detail"
AT = "dlq-at"
ROLE = "dlq-role"
_OURS = "dlq-"
_MAX_DETAIL = 500


@dataclass(frozen=True, slots=True)
class Origin:
    """Where a record came from."""

    topic: str
    partition: int
    offset: int


def dead_letter(
    topic: Topic,
    *,
    origin: Origin,
    key: bytes | None,
    value: bytes | None,
    headers: list[tuple[str, bytes]],
    error: BaseException,
    role: str,
    now: datetime,
) -> Record:
    """Make the dead letter of a record. The detail is kept only of our own errors, whose texts hold no patient data."""
    ours = isinstance(error, CodestrokeError)
    why = {
        ORIGIN_TOPIC: origin.topic,
        ORIGIN_PARTITION: str(origin.partition),
        ORIGIN_OFFSET: str(origin.offset),
        REASON: error.reason if isinstance(error, CodestrokeError) else "defect",
        ERROR: type(error).__name__,
        DETAIL: str(error)[:_MAX_DETAIL] if ours else "",
        AT: now.isoformat(),
        ROLE: role,
    }
    kept = [(name, raw) for name, raw in headers if not name.startswith(_OURS)]
    return Record(topic.dlq, key or b"", value or b"", [*kept, *((k, v.encode()) for k, v in why.items())])


def without_dead_letter_headers(headers: list[tuple[str, bytes]]) -> list[tuple[str, bytes]]:
    """The original headers, for a replay."""
    return [(name, raw) for name, raw in headers if not name.startswith(_OURS)]
