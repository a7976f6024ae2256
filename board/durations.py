"""Lengths of time and instants as people read them. Pure; the page's script formats running clocks the same way."""

from __future__ import annotations

from datetime import datetime, tzinfo

_MINUTE = 60
_HOUR = 3600
_DAY = 86_400


def duration(seconds: float) -> str:
    """A length of time: ``4:12 min``, ``1 h 05 min`` or ``2 d 3 h``; a negative one reads as its size."""
    whole = int(abs(seconds))
    if whole < _HOUR:
        return f"{whole // _MINUTE}:{whole % _MINUTE:02d} min"
    if whole < _DAY:
        return f"{whole // _HOUR} h {whole % _HOUR // _MINUTE:02d} min"
    return f"{whole // _DAY} d {whole % _DAY // _HOUR} h"


def clock_time(at: datetime, zone: tzinfo) -> str:
    """An instant as 24-hour time in ``zone``, for example ``14:02:07``."""
    return at.astimezone(zone).strftime("%H:%M:%S")


def day_and_time(at: datetime, zone: tzinfo) -> str:
    """An instant with its day and the zone's name, for example ``24 Nov 2026 14:02:07 CET``."""
    return at.astimezone(zone).strftime("%d %b %Y %H:%M:%S %Z")
