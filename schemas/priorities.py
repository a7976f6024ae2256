"""Priorities a human gives, and the lanes work travels in."""

from __future__ import annotations

import enum


class Priority(enum.StrEnum):
    """A human's priority; never lowered by anything codestroke does.

    Requested Procedure Priority (0040,1003): STAT, HIGH, ROUTINE, MEDIUM, LOW (PS3.3 C.4.11).
    """

    STAT = "stat"
    HIGH = "high"
    ROUTINE = "routine"
    UNKNOWN = "unknown"

    @classmethod
    def _missing_(cls, value: object) -> Priority:
        return cls.UNKNOWN

    @property
    def rank(self) -> int:
        """Order for sorting: 0 is the most urgent."""
        return {Priority.STAT: 0, Priority.HIGH: 1}.get(self, 2)


class Lane(enum.StrEnum):
    """Topic lanes: nothing waits behind work that matters less."""

    URGENT = "urgent"
    ROUTINE = "routine"


# HL7 v2 TQ1-9 / OBR-27.6 letters and DICOM (0040,1003) words, upper-cased.
_WORDS = {
    "STAT": Priority.STAT,
    "S": Priority.STAT,
    "HIGH": Priority.HIGH,
    "A": Priority.HIGH,
    "URGENT": Priority.HIGH,
}


def parse_priority(text: str | None) -> Priority:
    """Read an order's priority; anything unknown or absent is ``routine``."""
    return _WORDS.get((text or "").strip().upper(), Priority.ROUTINE)
