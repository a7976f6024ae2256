"""How many segments a text goes out as, from the standard's tables and not from ``alerting.core.gsm7``.

3GPP TS 23.038: section 6.2.1 (default alphabet, by rows of sixteen) and 6.2.1.1 (extension table). Lengths of parts:
TS 23.040 section 9.2.3.24.1 leaves 153 septets or 67 UCS-2 characters of each where a message has several.
"""

from __future__ import annotations

import math
import unicodedata

_ROWS = (
    "40 A3 24 A5 E8 E9 F9 EC F2 C7 0A D8 F8 0D C5 E5",
    "394 5F 3A6 393 39B 3A9 3A0 3A8 3A3 398 39E . C6 E6 DF C9",
    "20 21 22 23 A4 25 26 27 28 29 2A 2B 2C 2D 2E 2F",
    "30 31 32 33 34 35 36 37 38 39 3A 3B 3C 3D 3E 3F",
    "A1 41 42 43 44 45 46 47 48 49 4A 4B 4C 4D 4E 4F",
    "50 51 52 53 54 55 56 57 58 59 5A C4 D6 D1 DC A7",
    "BF 61 62 63 64 65 66 67 68 69 6A 6B 6C 6D 6E 6F",
    "70 71 72 73 74 75 76 77 78 79 7A E4 F6 F1 FC E0",
)
_DEFAULT = {chr(int(code, 16)) for row in _ROWS for code in row.split() if code != "."}
_EXTENSION = {chr(code) for code in (0x0C, 0x5B, 0x5C, 0x5D, 0x5E, 0x7B, 0x7C, 0x7D, 0x7E, 0x20AC)}


def segments(text: str) -> int:
    """Count the segments of ``text``; the empty text is none."""
    if set(text) <= _DEFAULT | _EXTENSION:
        return _parts(sum(1 + (character in _EXTENSION) for character in text), whole=160, part=153)
    return _parts(len(text.encode("utf-16-be")) // 2, whole=70, part=67)


def odd_characters(text: str) -> list[str]:
    """The names of the characters that the alphabet lacks."""
    return sorted({unicodedata.name(each, repr(each)) for each in set(text) - _DEFAULT - _EXTENSION})


def _parts(length: int, *, whole: int, part: int) -> int:
    return min(length, 1) if length <= whole else math.ceil(length / part)
