"""An instance that came twice: the same bytes are dropped, other bytes under the same UID are refused.

The volume reader calls it before geometry is judged. Two images under one SOPInstanceUID break PS3.5 9.1; nobody can
say which of them is the patient's.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from schemas.errors import BadDicom
from streams.dicom.header import Header
from streams.dicom.pixels import FrameReader


def without_duplicates(headers: Sequence[Header]) -> list[Header]:
    """Keep one of each (SOPInstanceUID, frame).

    Raises:
        BadDicom: two different images carry one SOPInstanceUID.
    """
    kept: dict[tuple[str, int], Header] = {}
    for header in headers:
        first = kept.setdefault((header.sop_uid, header.frame), header)
        if first is not header and not _same(first, header):
            raise BadDicom("two different images carry one SOPInstanceUID", reason="duplicate_uid")
    return list(kept.values())


def _same(one: Header, other: Header) -> bool:
    if (one.position, one.orientation, one.slope, one.intercept) != (
        other.position,
        other.orientation,
        other.slope,
        other.intercept,
    ):
        return False
    return bool(np.array_equal(_pixels(one), _pixels(other)))


def _pixels(header: Header) -> npt.NDArray[np.integer[Any]]:
    return FrameReader().read(header)
