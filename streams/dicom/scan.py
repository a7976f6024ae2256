"""Reading the header of a DICOM file in bounded steps, by the fast walk or else by pydicom.

The volume and film readers and the image sources call ``scan``. It reads only as much of a file as its header takes,
and checks the pixel data's declared length against the file before anybody reads it.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Final

from schemas.errors import BadDicom, PeerUnavailable
from streams.dicom import fallback, syntaxes
from streams.dicom.deflated import MAX_INFLATED, inflate
from streams.dicom.elements import NeedMore, Unusual, Walk, walk_implicit, walk_meta
from streams.dicom.explicit import ExplicitWalker
from streams.dicom.header import WANTED, Header, header_of
from streams.dicom.values import text_of

_STEPS: Final = (16 * 1024, 256 * 1024, 16 * 1024 * 1024)
"""How much of a file is read for its header, one step after the other; more than the last is refused."""
_EXPLICIT: Final = ExplicitWalker(WANTED)


def scan(path: Path) -> Header:
    """Read and check the header of the file at ``path``.

    Raises:
        BadDicom: not DICOM, cut, an undecodable transfer syntax, or values that contradict each other or the file.
        PeerUnavailable: the file cannot be read.
    """
    try:
        with path.open("rb", buffering=0) as file:
            size = os.fstat(file.fileno()).st_size
            syntax, walk = _walk_file(file.fileno(), size)
    except OSError as error:
        raise PeerUnavailable(
            f"image spool: file cannot be read ({error.strerror})", reason="spool_unreadable"
        ) from None
    except Unusual:
        syntax, walk = fallback.walk(path, WANTED)
    header = header_of(path, syntax, walk)
    if header.pixel_offset >= 0 and syntax != syntaxes.DEFLATED_LE:
        _check_extent(header, walk.pixel_length, size)
    return header


def _walk_file(descriptor: int, size: int) -> tuple[str, Walk]:
    for step in _STEPS:
        data = os.pread(descriptor, step, 0)
        try:
            meta, start = walk_meta(data)
            syntax = text_of(meta.get(0x00020010, b""))
            return syntax, _walk_data(descriptor, data, start, syntax, size)
        except NeedMore:
            if len(data) >= size:
                raise BadDicom("DICOM file is cut inside its header", reason="cut_header") from None
    raise BadDicom(f"DICOM header is longer than {_STEPS[-1]} bytes", reason="header_too_long")


def _walk_data(descriptor: int, data: bytes, start: int, syntax: str, size: int) -> Walk:
    if syntax not in syntaxes.DECODABLE:
        raise BadDicom("transfer syntax cannot be decoded", reason="transfer_syntax")
    if syntax == syntaxes.EXPLICIT_BE:
        raise Unusual("big endian")
    if syntax == syntaxes.DEFLATED_LE:
        if size > MAX_INFLATED:
            raise BadDicom("deflated file is too large", reason="deflate_bomb")
        inflated = inflate(os.pread(descriptor, size, 0)[start:])
        return _checked_inflated(_EXPLICIT.walk(inflated, 0), len(inflated))
    return walk_implicit(data, start, WANTED) if syntax == syntaxes.IMPLICIT_LE else _EXPLICIT.walk(data, start)


def _checked_inflated(walk: Walk, size: int) -> Walk:
    if walk.pixel_offset + walk.pixel_length > size:
        raise BadDicom("DICOM file is cut inside its pixel data", reason="cut_pixels")
    return walk


def _check_extent(header: Header, declared: int, size: int) -> None:
    """Refuse pixel data shorter than the header promises, or longer than the file."""
    need = header.frame_bytes * header.frames
    if declared < need:
        raise BadDicom(f"pixel data holds {declared} bytes, the header promises {need}", reason="pixel_length")
    if header.pixel_offset + max(declared, need) > size:
        raise BadDicom("DICOM file is cut inside its pixel data", reason="cut_pixels")
