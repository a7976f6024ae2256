"""Reads the modality's clock and the patient's age from header texts.

Who calls it: the extraction of facts. A time that cannot be true is no time: absent is honest, guessed is not.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta, timezone, tzinfo

Texts = Callable[[str], str]
"""Gives the text of an element by keyword; "" where absent."""

# PS3.5 section 6.2, VR DT and TM: trailing components may be left out; a fraction has up to six digits.
_DT = re.compile(r"^(\d{4})(\d{2})(\d{2})(\d{2})(\d{2})?(\d{2})?(?:\.(\d{1,6}))?([+-]\d{4})?$")
_OFFSET = re.compile(r"^([+-])(\d{2})(\d{2})$")
# PS3.5 section 6.2, VR AS.
_AGE = re.compile(r"^(\d{3})([DWMY])$")
_YEARS_PER = {"D": 1 / 365.25, "W": 7 / 365.25, "M": 1 / 12, "Y": 1.0}
_DAYS_PER_YEAR = 365.25


def acquired_at(texts: Texts, zone: tzinfo) -> datetime | None:
    """Instant of acquisition (aware UTC) by the modality's clock; None where the header does not tell.

    Acquisition DateTime is taken before Acquisition Date and Time, those before Content Date and Time
    (PS3.3 C.7.6.1, C.8.2.1). The zone is the text's own offset, else (0008,0201), else ``zone``.
    """
    for day, time in (
        ("", "AcquisitionDateTime"),
        ("AcquisitionDate", "AcquisitionTime"),
        ("ContentDate", "ContentTime"),
    ):
        text = (texts(day) if day else "") + texts(time)
        found = _instant(text, parse_offset(texts("TimezoneOffsetFromUTC")) or zone)
        if found is not None and (texts(time) or not day):
            return found
    return None


def parse_offset(text: str) -> tzinfo | None:
    """Parse an offset such as ``+0100`` (PS3.5, VR DT); None where it is not one."""
    match = _OFFSET.match(text)
    if match is None:
        return None
    delta = timedelta(hours=int(match[2]), minutes=int(match[3]))
    return timezone(-delta if match[1] == "-" else delta) if delta < timedelta(hours=15) else None


def age_years(texts: Texts) -> float | None:
    """Age in years from Patient's Age, else from birth and study date; None where neither tells."""
    match = _AGE.match(texts("PatientAge"))
    if match is not None:
        return round(int(match[1]) * _YEARS_PER[match[2]], 2)
    born, seen = _day(texts("PatientBirthDate")), _day(texts("StudyDate"))
    if born is None or seen is None or seen < born:
        return None
    return round((seen - born).days / _DAYS_PER_YEAR, 2)


def _instant(text: str, zone: tzinfo) -> datetime | None:
    match = _DT.match(text)
    if match is None:
        return None
    year, month, day, hour, minute, second, fraction, offset = match.groups()
    try:
        # A leap second (60) is written by some clocks; datetime knows none.
        naive_parts = (int(year), int(month), int(day), int(hour), int(minute or 0), min(59, int(second or 0)))
        micro = int((fraction or "0").ljust(6, "0"))
        return datetime(*naive_parts, micro, tzinfo=parse_offset(offset or "") or zone).astimezone(UTC)
    except (ValueError, OverflowError):
        return None


def _day(text: str) -> date | None:
    try:
        return datetime.strptime(text, "%Y%m%d").replace(tzinfo=UTC).date()
    except ValueError:
        return None
