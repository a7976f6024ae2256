"""A token bucket: how long a message waits so that the provider's rate is kept. First pages never wait.

Who calls it: ``alerting.channels.paced``. A first page takes its token even where there is none, so the bucket goes
into debt, and repeats and notices pay for it. Times are seconds of a monotonic clock.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Pace:
    """What is allowed: ``per_s`` messages a second in the long run (more than 0), ``burst`` at once."""

    per_s: float
    burst: float = 1.0


@dataclass(frozen=True, slots=True)
class Bucket:
    """How many tokens there were at ``at_s``; negative is debt."""

    tokens: float
    at_s: float


@dataclass(frozen=True, slots=True)
class Turn:
    """When a message may go: after ``wait_s``, with its place kept; or not at all now, and ask again then."""

    bucket: Bucket
    wait_s: float
    granted: bool


def take(bucket: Bucket, pace: Pace, *, now_s: float, first: bool, patience_s: float = 0.0) -> Turn:
    """Take a token.

    Args:
        bucket: the state so far.
        pace: what is allowed.
        now_s: the monotonic clock.
        first: the first page of an incident, which is granted without waiting.
        patience_s: up to this wait a place is kept; beyond it nothing is taken.
    """
    elapsed_s = max(0.0, now_s - bucket.at_s)
    tokens = min(pace.burst, bucket.tokens + elapsed_s * pace.per_s)
    wait_s = 0.0 if first else max(0.0, (1.0 - tokens) / pace.per_s)
    granted = wait_s <= patience_s
    return Turn(Bucket(tokens - 1.0 if granted else tokens, max(now_s, bucket.at_s)), wait_s, granted)
