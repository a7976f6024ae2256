"""The fast walk over the top-level elements of a DICOM file, in bounded memory: what both encodings share.

It finds the few values that geometry needs and where uncompressed pixel data lies, without building a data set:
reading 400 headers with a general parser costs 0.3 to 0.5 s, more than everything else from files to tensor.
``explicit.py`` and ``scan.py`` call it; whatever is unusual raises ``Unusual`` and goes to pydicom (``fallback.py``)
instead of being guessed here. It never trusts a declared length, never recurses and never keeps a value that nobody
asked for.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass
from typing import Final

from schemas.errors import BadDicom

UNDEFINED: Final = 0xFFFFFFFF
PIXEL_DATA: Final = 0x7FE00010
_PREFIX_AT: Final = 128
_ITEM, _ITEM_END, _SEQUENCE_END = 0xFFFEE000, 0xFFFEE00D, 0xFFFEE0DD

# PS3.5 table 7.1-1: these value representations carry a 32-bit length after two reserved bytes; the others 16 bits.
_LONG: Final = frozenset({b"OB", b"OD", b"OF", b"OL", b"OV", b"OW", b"SQ", b"SV", b"UC", b"UN", b"UR", b"UT", b"UV"})
SHORT_VRS: Final = frozenset(
    b"AE AS AT CS DA DS DT FD FL IS LO LT PN SH SL SS ST TM UI UL US".split()  # PS3.5 table 7.1-2
)
_MAY_BE_UNDEFINED: Final = frozenset({b"SQ", b"OB", b"OW"})
"""Sequences, and encapsulated pixel data, whose fragments have the shape of items. UN hides implicit VR."""
_META_GROUP: Final = 0x0002

MAX_ELEMENTS: Final = 20_000
"""More top-level elements than any image of ours has: such a file is built to waste time."""
MAX_NESTED: Final = 200_000
MAX_DEPTH: Final = 16
"""Of sequences within sequences; images of ours have about four."""
MAX_VALUE: Final = 4096
"""Bytes kept of one value."""

_explicit = struct.Struct("<I2sH").unpack_from
_implicit = struct.Struct("<HHI").unpack_from
_uint32 = struct.Struct("<I").unpack_from


class Unusual(Exception):
    """The file is not of the plain kind that this walk knows; a general parser must judge it."""


class NeedMore(Exception):
    """The walk ran past the bytes read so far."""


@dataclass(frozen=True, slots=True)
class Walk:
    """What a walk found: raw values by tag, and the pixel data's place.

    ``pixel_offset`` is -1 where there is no pixel data, ``pixel_length`` is ``UNDEFINED`` where it is encapsulated.
    """

    values: dict[int, bytes]
    pixel_offset: int = -1
    pixel_length: int = 0


def check_prefix(data: bytes) -> None:
    """Refuse what is not a DICOM file (PS3.10 section 7.1: 128 bytes preamble, then ``DICM``).

    Raises:
        BadDicom: empty, or without the prefix.
    """
    if not data:
        raise BadDicom("DICOM file is empty", reason="empty_file")
    if data[_PREFIX_AT : _PREFIX_AT + 4] != b"DICM":
        raise BadDicom("DICOM file has no DICM prefix (PS3.10 7.1)", reason="not_dicom")


def swapped(tag: int) -> int:
    """Turn group and element round: the order in which a little-endian file reads as one integer."""
    return (tag & 0xFFFF) << 16 | tag >> 16


def walk_meta(data: bytes) -> tuple[dict[int, bytes], int]:
    """Read the file meta group: its values by tag, and the offset of the data set after it.

    Raises:
        BadDicom: the prefix is missing.
        NeedMore: ``data`` ends inside the group.
        Unusual: the group is not plain explicit VR little endian (PS3.10 section 7.1).
    """
    check_prefix(data)
    values: dict[int, bytes] = {}
    position = _PREFIX_AT + 4
    while True:
        if position + 8 > len(data):
            raise NeedMore
        tag, vr, length = _explicit(data, position)
        if tag & 0xFFFF != _META_GROUP:
            return values, position
        value = position + 8
        if vr in _LONG:
            if position + 12 > len(data):
                raise NeedMore
            length, value = _uint32(data, position + 8)[0], position + 12
        elif vr not in SHORT_VRS:
            raise Unusual("file meta without value representations")
        if value + length > len(data):
            raise NeedMore
        values[swapped(tag)] = data[value : value + length]
        position = value + length


def value_at(data: bytes, position: int, length: int) -> bytes:
    """Take a value out of ``data``, at most ``MAX_VALUE`` bytes of it.

    Raises:
        NeedMore: it runs past the end.
    """
    if position + length > len(data):
        raise NeedMore
    return data[position : position + min(length, MAX_VALUE)]


def long_length(data: bytes, position: int, vr: bytes) -> tuple[int, int]:
    """Length and value offset of an element whose length takes 32 bits."""
    if vr not in _LONG:
        raise Unusual("unknown value representation")
    length = _uint32(data, position + 8)[0]
    if length == UNDEFINED and vr not in _MAY_BE_UNDEFINED:
        raise Unusual("undefined length outside a sequence")
    return length, position + 12


def walk_implicit(data: bytes, start: int, wanted: frozenset[int]) -> Walk:
    """Walk an implicit VR little endian data set; as ``ExplicitWalker.walk``."""
    values: dict[int, bytes] = {}
    position, end = start, len(data)
    for _ in range(MAX_ELEMENTS):
        if position == end:
            return Walk(values)
        if position + 8 > end:
            raise NeedMore
        group, element, length = _implicit(data, position)
        position += 8
        tag = group << 16 | element
        if tag == PIXEL_DATA:
            return Walk(values, position, length)
        if length == UNDEFINED:
            position = skip_nested(data, position, explicit=False)
            continue
        if tag in wanted:
            values[tag] = value_at(data, position, length)
        position += length
        if position > end:
            raise NeedMore
    raise BadDicom(f"DICOM file has more than {MAX_ELEMENTS} elements", reason="too_many_elements")


def skip_nested(data: bytes, position: int, *, explicit: bool) -> int:
    """Return the offset behind a sequence of undefined length, whose first item starts at ``position``."""
    depth, end = 1, len(data)
    for _ in range(MAX_NESTED):
        if position + 8 > end:
            raise NeedMore
        group, element, length = _implicit(data, position)
        tag = group << 16 | element
        if tag in (_ITEM_END, _SEQUENCE_END):
            depth, position = depth - 1, position + 8
        elif tag == _ITEM:
            position += 8
        else:
            length, position = _nested_length(data, position) if explicit else (length, position + 8)
        if tag not in (_ITEM_END, _SEQUENCE_END):
            depth += length == UNDEFINED
            position += 0 if length == UNDEFINED else length
        if depth == 0:
            return position
        if depth > 2 * MAX_DEPTH:
            raise BadDicom(f"DICOM sequences nested deeper than {MAX_DEPTH}", reason="nested_too_deep")
        if position > end:
            raise NeedMore
    raise BadDicom(f"DICOM sequence has more than {MAX_NESTED} elements", reason="too_many_elements")


def _nested_length(data: bytes, position: int) -> tuple[int, int]:
    """Length and value offset of an explicit VR element inside a sequence."""
    _, vr, length = _explicit(data, position)
    if vr in SHORT_VRS:
        return length, position + 8
    try:
        return long_length(data, position, vr)
    except struct.error:
        raise NeedMore from None
