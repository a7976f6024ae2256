"""Deflated data sets (PS3.5 annex A.5), inflated only up to a cap: 1 MB of deflate can hold 1 GiB.

``scan.py`` and ``pixels.py`` call it.
"""

from __future__ import annotations

import zlib
from pathlib import Path
from typing import Final

from schemas.errors import BadDicom
from streams.dicom.elements import walk_meta

MAX_INFLATED: Final = 256 * 1024 * 1024
"""A deflated data set may not grow beyond this (bytes)."""


def inflate(data: bytes) -> bytes:
    """Inflate a deflated data set (PS3.5 annex A.5), never beyond ``MAX_INFLATED`` bytes.

    Raises:
        BadDicom: too large, or no valid deflate stream.
    """
    engine = zlib.decompressobj(-zlib.MAX_WBITS)
    try:
        inflated = engine.decompress(data, MAX_INFLATED)
    except zlib.error:
        raise BadDicom("deflated data set is damaged", reason="bad_deflate") from None
    if engine.unconsumed_tail:
        raise BadDicom(f"deflated data set grows beyond {MAX_INFLATED} bytes", reason="deflate_bomb")
    return inflated


def read_inflated(path: Path) -> bytes:
    """Read a whole deflated file and return its inflated data set."""
    data = path.read_bytes()
    return inflate(data[walk_meta(data)[1] :])
