"""What maps a film's stored values to what is shown: its VOI LUT or window, read once through pydicom.

``radiograph.py`` calls it. Functions are those of PS3.3 C.11.2: a VOI LUT wins over windows, the first window over
others; where a film states neither, its own range of values is shown. Padding pixels are shown black.
"""

from __future__ import annotations

import enum
import math
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import pydicom
from pydicom.dataset import Dataset

from schemas.errors import BadDicom
from streams.dicom.fallback import PARSER_FAILURES
from streams.dicom.header import Header
from streams.dicom.resample import Float32

_TAGS: Final = [
    "VOILUTSequence",
    "WindowCenter",
    "WindowWidth",
    "VOILUTFunction",
    "PresentationLUTShape",
    "PixelSpacing",
    "ImagerPixelSpacing",
    "PixelAspectRatio",
]
_MAX_LUT: Final = 65536
Stored = npt.NDArray[np.integer[Any]]


class VoiFunction(enum.StrEnum):
    """VOI LUT Function (0028,1056)."""

    LINEAR = "LINEAR"
    LINEAR_EXACT = "LINEAR_EXACT"
    SIGMOID = "SIGMOID"


@dataclass(frozen=True, slots=True)
class Voi:
    """How a film is shown. ``spacing`` is (between rows, between columns), in mm or as an aspect ratio.

    ``table`` (values 0..1) starts at the modality value ``first``; without one, ``centre`` and ``width`` hold a window,
    NaN where the film states none. ``inverse`` is a Presentation LUT Shape of INVERSE that MONOCHROME1 does not imply.
    """

    function: VoiFunction
    centre: float
    width: float
    table: Float32 | None
    first: int
    inverse: bool
    spacing: tuple[float, float]


def read_voi(header: Header) -> Voi:
    """Read how the film of ``header`` is shown.

    Raises:
        BadDicom: a malformed window, table or spacing.
    """
    try:
        dataset = pydicom.dcmread(header.path, stop_before_pixels=True, specific_tags=list(_TAGS))
        table, first = _table(dataset)
        centre, width = _window(dataset)
        function = VoiFunction(str(dataset.get("VOILUTFunction") or "LINEAR").upper())
        inverse = header.photometric != "MONOCHROME1" and dataset.get("PresentationLUTShape") == "INVERSE"
        return Voi(function, centre, width, table, first, inverse, _spacing(dataset))
    except PARSER_FAILURES as error:
        raise BadDicom(f"window or VOI LUT cannot be read ({type(error).__name__})", reason="bad_voi") from None


def apply_voi(stored: Stored, header: Header, voi: Voi) -> Float32:
    """Map stored values (y, x) to 0..1 as shown, before any inversion."""
    values = stored.astype(np.float32)
    values *= np.float32(header.slope)
    values += np.float32(header.intercept)
    if voi.table is not None:
        index = np.clip(np.rint(values).astype(np.int64) - voi.first, 0, len(voi.table) - 1)
        shown: Float32 = voi.table[index]
    else:
        shown = _windowed(values, _lower_and_width(values, stored, header, voi), voi.function)
    if header.padding is not None:
        shown[stored == header.padding] = 1.0 if header.photometric == "MONOCHROME1" or voi.inverse else 0.0
    return shown


def _windowed(values: Float32, window: tuple[float, float], function: VoiFunction) -> Float32:
    low, width = window
    values -= np.float32(low)
    values /= np.float32(width)
    if function is VoiFunction.SIGMOID:  # PS3.3 C.11.2.1.3.1; here 0.5 is the centre
        np.clip(values, -10.0, 11.0, out=values)
        sigmoid: Float32 = np.reciprocal(1 + np.exp(-4 * (values - np.float32(0.5))))
        return sigmoid
    return np.clip(values, 0.0, 1.0, out=values)


def _lower_and_width(values: Float32, stored: Stored, header: Header, voi: Voi) -> tuple[float, float]:
    """Lower edge and width of the window in modality units; the film's own range where it states no window."""
    if math.isnan(voi.centre):
        inside = values if header.padding is None else values[stored != header.padding]
        if inside.size == 0:
            raise BadDicom("film holds padding only", reason="empty_film")
        low, high = float(inside.min()), float(inside.max())
        return low, max(high - low, 1.0)
    if voi.function is VoiFunction.LINEAR:  # PS3.3 C.11.2.1.2.1
        width = max(voi.width - 1, 1e-3)
        return voi.centre - 0.5 - width / 2, width
    return voi.centre - voi.width / 2, voi.width


def _window(dataset: Dataset) -> tuple[float, float]:
    centre, width = dataset.get("WindowCenter"), dataset.get("WindowWidth")
    if centre is None or width is None:
        return math.nan, math.nan
    pair = _first(centre), _first(width)
    if not all(map(math.isfinite, pair)) or pair[1] <= 0:
        raise ValueError("window")
    return pair


def _table(dataset: Dataset) -> tuple[Float32 | None, int]:
    if not dataset.get("VOILUTSequence"):
        return None, 0
    item = dataset.VOILUTSequence[0]
    length, first, bits = (int(value) for value in item.LUTDescriptor)
    length = length or _MAX_LUT
    data = item.LUTData
    entries = np.frombuffer(data, "<u2") if isinstance(data, bytes) else np.asarray(data)
    if len(entries) < length or not 0 < bits <= 16:  # noqa: PLR2004 - PS3.3 C.11.2.1.1: 8 to 16 bits
        raise ValueError("table")
    return (entries[:length] / ((1 << bits) - 1)).clip(0, 1).astype(np.float32), first


def _spacing(dataset: Dataset) -> tuple[float, float]:
    for keyword in ("PixelSpacing", "ImagerPixelSpacing", "PixelAspectRatio"):
        pair = dataset.get(keyword)
        if pair is not None and len(pair) == len(("row", "column")):
            rows, columns = float(pair[0]), float(pair[1])
            if not (0.1 < rows / columns < 10):  # noqa: PLR2004 - also refuses 0, NaN and negative spacing
                raise ValueError("spacing")
            return rows, columns
    return 1.0, 1.0


def _first(value: Any) -> float:
    return float(value[0]) if isinstance(value, (list, tuple, pydicom.multival.MultiValue)) else float(value)
