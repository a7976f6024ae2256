"""Raw bytes of single elements into checked Python values.

``header.py`` calls it. Every failure is ``BadDicom`` that names the attribute and never quotes its value.
"""

from __future__ import annotations

import math
from typing import Final

from schemas.errors import BadDicom
from schemas.ids import is_uid

_US_BYTES: Final = 2


def text_of(raw: bytes) -> str:
    """Decode a short text and strip its padding (PS3.5 6.2)."""
    return raw.decode("latin-1").strip(" \0")


def uid_of(raw: dict[str, bytes], name: str) -> str:
    """Read a UID.

    Raises:
        BadDicom: it is absent or not a UID.
    """
    text = text_of(raw[name])
    if not is_uid(text):
        raise BadDicom(f"{name} is not a DICOM UID (PS3.5 9.1)", reason="bad_uid")
    return text


def integer_of(raw: dict[str, bytes], name: str, default: int, *, signed: bool = False) -> int:
    """Read a US or SS value (PS3.5 table 6.2-1); ``default`` where it is absent."""
    data = raw[name]
    if not data:
        return default
    if len(data) != _US_BYTES:
        raise BadDicom(f"{name} has {len(data)} bytes instead of 2", reason="bad_value")
    return int.from_bytes(data, "little", signed=signed)


def count_of(raw: bytes, limit: int) -> int:
    """Read NumberOfFrames (IS), 1 where it is absent.

    Raises:
        BadDicom: not a whole number within 1 to ``limit``.
    """
    text = text_of(raw) or "1"
    if not text.isdecimal() or not 0 < int(text[:12]) <= limit:
        raise BadDicom(f"NumberOfFrames is not within 1..{limit}", reason="bad_frames")
    return int(text)


def decimals_of(raw: dict[str, bytes], name: str, count: int) -> tuple[float, ...]:
    """Read ``count`` finite decimal strings (PS3.5 table 6.2-1, DS); empty where the element is absent."""
    text = text_of(raw[name])
    if not text:
        return ()
    try:
        values = tuple(map(float, text.split("\\")))
    except ValueError:
        raise BadDicom(f"{name} is not a decimal string", reason="bad_value") from None
    if len(values) != count or not all(map(math.isfinite, values)):
        raise BadDicom(f"{name} does not hold {count} finite numbers", reason="bad_value")
    return values
