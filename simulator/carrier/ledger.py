"""The carrier's own ledger: every message that it accepted, in order, never changed. The judge of lost and doubled.

It knows nothing of our store. A page is what one phone may feel once: (number, mark in the text).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from datetime import datetime

from simulator.carrier.messages import Message
from simulator.carrier.settings import Fault


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One accepted message."""

    sequence: int
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
    lost: tuple[tuple[str, str], ...]
    doubled: int
    """Messages beyond the first of each page."""


class Ledger:
    """Append only."""

    def __init__(self) -> None:
        self._entries: list[Entry] = []

    @property
    def entries(self) -> tuple[Entry, ...]:
        """All entries, oldest first."""
        return tuple(self._entries)

    def append(self, message: Message, fault: Fault) -> Entry:
        """Write down that ``message`` was accepted, and the fault that the sender saw."""
        entry = Entry(
            sequence=len(self._entries) + 1,
            sid=message.sid,
            to=message.to,
            reference=message.reference,
            body=message.body,
            accepted_at=message.created_at,
            fault=fault,
        )
        self._entries.append(entry)
        return entry

    def shown(self) -> dict[str, object]:
        """The ledger as JSON values."""
        rows = [{**asdict(entry), "accepted_at": entry.accepted_at.isoformat()} for entry in self._entries]
        return {"accepted": rows, "doubled": verdict(self._entries, ()).doubled}


def verdict(entries: Iterable[Entry], expected: Iterable[tuple[str, str]]) -> Verdict:
    """Judge: ``expected`` are the pages (number, mark) that must have been accepted."""
    counts = Counter((entry.to, entry.reference) for entry in entries)
    return Verdict(
        accepted=sum(counts.values()),
        lost=tuple(page for page in expected if counts[page] == 0),
        doubled=sum(count - 1 for count in counts.values()),
    )
