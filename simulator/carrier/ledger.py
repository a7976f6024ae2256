"""The carrier's own ledger: all that it accepted, in order, never changed. The judge of lost and doubled.

It knows nothing of our store. A page is what one phone may feel once over one channel: (number, mark, channel). The
mark stands in a text's words and among a call's remarks; it names case, finding and step.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from datetime import datetime

from simulator.carrier.calls import Call
from simulator.carrier.messages import Message
from simulator.carrier.settings import Fault

SMS, VOICE = "sms", "voice"


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One accepted message or call; ``body`` is what was written or said."""

    sequence: int
    channel: str
    sid: str
    to: str
    reference: str
    body: str
    accepted_at: datetime
    fault: Fault


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """What a ledger says about a set of pages that should have been accepted."""

    accepted: int
    lost: tuple[tuple[str, ...], ...]
    doubled: int
    """Messages and calls beyond the first of each page."""


class Ledger:
    """Append only."""

    def __init__(self) -> None:
        self._entries: list[Entry] = []

    @property
    def entries(self) -> tuple[Entry, ...]:
        """All entries, oldest first."""
        return tuple(self._entries)

    def append(self, accepted: Message | Call, fault: Fault) -> Entry:
        """Write down what was accepted, and the fault that the sender saw."""
        entry = Entry(
            sequence=len(self._entries) + 1,
            channel=VOICE if isinstance(accepted, Call) else SMS,
            sid=accepted.sid,
            to=accepted.to,
            reference=accepted.reference,
            body=accepted.document.said if isinstance(accepted, Call) else accepted.body,
            accepted_at=accepted.created_at,
            fault=fault,
        )
        self._entries.append(entry)
        return entry

    def shown(self) -> dict[str, object]:
        """The ledger as JSON values."""
        rows = [{**asdict(entry), "accepted_at": entry.accepted_at.isoformat()} for entry in self._entries]
        return {"accepted": rows, "doubled": verdict(self._entries, ()).doubled}


def verdict(entries: Iterable[Entry], expected: Iterable[tuple[str, ...]]) -> Verdict:
    """Judge.

    Args:
        entries: of a ledger.
        expected: pages that must have been accepted, as (number, mark), or (number, mark, "voice") for a call.
    """
    counts = Counter((entry.to, entry.reference, entry.channel) for entry in entries)
    return Verdict(
        accepted=sum(counts.values()),
        lost=tuple(page for page in expected if counts[_full(page)] == 0),
        doubled=sum(count - 1 for count in counts.values()),
    )


def _full(page: tuple[str, ...]) -> tuple[str, str, str]:
    number, mark, *channel = page
    return number, mark, channel[0] if channel else SMS
