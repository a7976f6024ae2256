"""Whether frames form one regular axial stack, and where it lies in the patient.

Pure: headers in, ``Stack`` or a refusal with its reason out; the volume reader calls it. A gap, a repeat or a tilt is
never interpolated over: a vessel could be lost or made there. Geometry is that of the Image Plane module (PS3.3
C.7.6.2.1.1): Image Position is the centre of the first transmitted pixel, Image Orientation the direction cosines of
rows and columns, both in the patient's LPS frame, so patient position (head or feet first, prone) needs no rule.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from schemas.errors import BadDicom, UnsuitableSeries
from streams.dicom.header import Header

MAX_SLICES: Final = 5000
MIN_SLICES: Final = 2
MAX_OBLIQUITY_DEG: Final = 25.0
"""Heads are often scanned along the orbitomeatal line (about 15 to 20 degrees); beyond this it is not axial."""
MAX_TILT_DEG: Final = 1.0
"""Angle between the slices' normal and the line along which they are stacked: more is a sheared volume."""
STEP_TOLERANCE: Final = 0.1
"""How far a step between slices may differ from the mean step, as a share of it."""
SAME_DIRECTION: Final = 1e-3
"""Largest difference of direction cosines within one series; writers round to 4 to 6 digits."""
SAME_SPACING: Final = 1e-3
MAX_SPACING_MM: Final = 20.0


@dataclass(frozen=True, slots=True)
class Stack:
    """A regular stack, slices from inferior to superior.

    ``spacing_mm`` is (between slices, between rows, between columns). ``row`` and ``column`` are the LPS unit vectors
    along which the column index and the row index grow; ``normal`` points to superior.
    """

    slices: tuple[Header, ...]
    spacing_mm: tuple[float, float, float]
    row: tuple[float, ...]
    column: tuple[float, ...]
    normal: tuple[float, ...]

    @property
    def transposed(self) -> bool:
        """Whether the row index, not the column index, runs along the patient's left-right axis."""
        return abs(self.row[1]) > abs(self.row[0])


def stack_of(headers: Sequence[Header]) -> Stack:
    """Order the frames of one series into a stack.

    Raises:
        BadDicom: geometry is absent or contradicts itself, or frames of different studies or patients are mixed.
        UnsuitableSeries: missing, repeated, tilted, mixed or not axial slices, one slice or too many.
    """
    if len(headers) > MAX_SLICES:
        raise UnsuitableSeries(f"{len(headers)} slices are more than {MAX_SLICES}", reason="too_many_slices")
    if len(headers) < MIN_SLICES:
        raise UnsuitableSeries("a volume needs at least two slices", reason="one_slice")
    _check_same_series(headers)
    first = headers[0]
    _check_plane(first)
    row, column = np.array(first.orientation[:3]), np.array(first.orientation[3:])
    normal = _superior_normal(row, column)
    positions = np.array([header.position for header in headers])
    depth = positions @ normal
    order = np.argsort(depth, kind="stable")
    step = _regular_step(depth[order])
    _check_straight(positions[order], normal)
    rows_mm, columns_mm = first.pixel_spacing
    return Stack(
        slices=tuple(headers[index] for index in order),
        spacing_mm=(step, rows_mm, columns_mm),
        row=tuple(row.tolist()),
        column=tuple(column.tolist()),
        normal=tuple(normal.tolist()),
    )


def _check_same_series(headers: Sequence[Header]) -> None:
    """Every frame must be of the same study, series, patient, matrix, orientation and spacing as the first."""
    first = headers[0]
    for header in headers:
        if (header.study_uid, header.patient_id) != (first.study_uid, first.patient_id):
            raise BadDicom("instances of different studies or patients are mixed", reason="mixed_study")
        if header.series_uid != first.series_uid:
            raise BadDicom("instances of different series are mixed", reason="mixed_series")
        if not (header.position and header.orientation and header.pixel_spacing):
            raise BadDicom(
                "an instance lacks position, orientation or pixel spacing (PS3.3 C.7.6.2)", reason="no_plane"
            )
        if (header.rows, header.columns) != (first.rows, first.columns):
            raise UnsuitableSeries("slices differ in Rows or Columns", reason="mixed_size")
        if not _near(header.orientation, first.orientation, SAME_DIRECTION):
            raise UnsuitableSeries("slices differ in orientation", reason="mixed_orientation")
        if not _near(header.pixel_spacing, first.pixel_spacing, SAME_SPACING):
            raise UnsuitableSeries("slices differ in pixel spacing", reason="mixed_spacing")


def _near(values: Sequence[float], others: Sequence[float], tolerance: float) -> bool:
    return values == others or all(abs(a - b) <= tolerance for a, b in zip(values, others, strict=True))


def _check_plane(header: Header) -> None:
    if not all(0 < spacing <= MAX_SPACING_MM for spacing in header.pixel_spacing):
        raise BadDicom(f"PixelSpacing is not within 0..{MAX_SPACING_MM} mm", reason="bad_spacing")
    row, column = np.array(header.orientation[:3]), np.array(header.orientation[3:])
    lengths = (np.linalg.norm(row), np.linalg.norm(column))
    if max(abs(length - 1) for length in lengths) > 10 * SAME_DIRECTION or abs(row @ column) > 10 * SAME_DIRECTION:
        raise BadDicom("ImageOrientationPatient is not two perpendicular unit vectors", reason="bad_orientation")


def _superior_normal(row: np.ndarray, column: np.ndarray) -> np.ndarray:
    normal = np.cross(row, column)
    normal /= np.linalg.norm(normal)
    if normal[2] < 0:
        normal = -normal
    if normal[2] < math.cos(math.radians(MAX_OBLIQUITY_DEG)):
        raise UnsuitableSeries(f"slices are not axial within {MAX_OBLIQUITY_DEG:g} degrees", reason="not_axial")
    return normal


def _regular_step(depth: np.ndarray) -> float:
    """Mean step (mm) of sorted slice depths, all steps alike within ``STEP_TOLERANCE``."""
    steps = np.diff(depth)
    median = float(np.median(steps))
    if median <= 0 or float(steps.min()) < STEP_TOLERANCE * median:
        raise UnsuitableSeries("several slices lie at one position", reason="repeated_slice")
    if float(steps.max()) > (1 + STEP_TOLERANCE) * median:
        missing = int(np.round(steps / median - 1).clip(0).sum())
        if missing:
            raise UnsuitableSeries(f"{missing} slices are missing", reason="missing_slice")
        raise UnsuitableSeries("slices are not evenly spaced", reason="uneven_spacing")
    if float(steps.min()) < (1 - STEP_TOLERANCE) * median:
        raise UnsuitableSeries("slices are not evenly spaced", reason="uneven_spacing")
    mean = float(depth[-1] - depth[0]) / len(steps)
    if mean > MAX_SPACING_MM:
        raise UnsuitableSeries(f"slices are more than {MAX_SPACING_MM:g} mm apart", reason="too_far_apart")
    return mean


def _check_straight(positions: np.ndarray, normal: np.ndarray) -> None:
    """Refuse a stack whose positions leave the normal: gantry tilt, or a table that moved sideways."""
    path = positions - positions[0]
    along = path @ normal
    aside = np.linalg.norm(path - np.outer(along, normal), axis=1)
    allowed = math.tan(math.radians(MAX_TILT_DEG)) * along + 0.1
    if bool((aside > allowed).any()):
        raise UnsuitableSeries("slices are sheared: gantry tilt or a moved table", reason="tilted")
