"""Dead letters: what could not be processed, kept whole, with where it came from and why.

The value and key are the original bytes; the reason stands in headers. ``codestroke dlq`` lists and replays them.
What is larger than any event of ours is cut, and said to be: a letter that the broker refuses for its size would
hold up every record behind it.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from schemas.codec import MAX_BODY_BYTES, Headers, Record
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
CUT = "dlq-cut"
"""Which of value, key and headers were cut."""
_OURS = "dlq-"
_MAX_DETAIL = 500
# Together well below the 1,000,000 bytes that Faust's producer sends in one request.
_MAX_VALUE = 2 * MAX_BODY_BYTES
_MAX_KEY = 4096
_MAX_HEADERS = 64 * 1024


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
    headers: Headers,
    error: BaseException,
    role: str,
    now: datetime,
) -> Record:
    """Make the dead letter of a record. The detail is kept only of our own errors, whose texts hold no patient data."""
    ours = isinstance(error, CodestrokeError)
    theirs = without_dead_letter_headers(headers)
    kept = _first_headers(theirs)
    cut = {"value": len(value or b"") > _MAX_VALUE, "key": len(key or b"") > _MAX_KEY, "headers": kept != theirs}
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
    if any(cut.values()):
        why[CUT] = ",".join(part for part, shorter in cut.items() if shorter)
    marks = [(name, text.encode()) for name, text in why.items()]
    return Record(topic.dlq, (key or b"")[:_MAX_KEY], (value or b"")[:_MAX_VALUE], [*kept, *marks])


def without_dead_letter_headers(headers: Headers) -> Headers:
    """The original headers, for a replay."""
    return [(name, raw) for name, raw in headers if not name.startswith(_OURS)]


def _first_headers(headers: Headers) -> Headers:
    kept, room = [], _MAX_HEADERS
    for name, raw in headers:
        room -= len(name.encode("utf-8", "replace")) + len(raw)
        if room < 0:
            break
        kept.append((name, raw))
    return kept
