"""From the files of one CT series to a volume on a pathway's grid, each slice read once and never all at once.

The decode worker calls ``read_volume``; the benchmark measures the same function. In-plane means come from
``resample``, means along z are summed by overlap weights as slices pass, and rescale (PS3.3 C.11.1.1.2) is applied to
the means, which is the same as to every pixel since it is linear. Memory: the grid and a few slices.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np

from schemas.errors import BadDicom, UnsuitableSeries
from streams.dicom.duplicates import without_duplicates
from streams.dicom.enhanced import frames_of
from streams.dicom.geometry import MAX_SLICES, Stack, stack_of
from streams.dicom.header import Header
from streams.dicom.pixels import FrameReader
from streams.dicom.resample import Axis, Band, Float32, Float64, PlaneReducer, band_of, centred, overlap_weights
from streams.dicom.scan import scan
from triton_models.volume import PAD_HU, Volume, VolumeGrid

THREADS: Final = 2
_CT_BITS: Final = 16
Allocate = Callable[[tuple[int, int, int]], Float32]


def _fresh(shape: tuple[int, int, int]) -> Float32:
    return np.empty(shape, np.float32)


@dataclass(frozen=True, slots=True)
class _Plan:
    """Where a stack meets a grid; ``rows`` and ``columns`` are axes of the source image."""

    stack: Stack
    grid: VolumeGrid
    rows: Axis
    columns: Axis
    depth: Axis


def read_volume(files: Sequence[Path], grid: VolumeGrid, *, allocate: Allocate = _fresh) -> Volume:
    """Read the files of one CT series into ``grid``.

    Args:
        files: one or more DICOM files, in any order.
        grid: the model's grid.
        allocate: gives the float32 array (z, y, x) to fill, so that it may lie in shared memory.

    Raises:
        BadDicom: an instance cannot be read.
        UnsuitableSeries: the series is not one regular axial CT stack.
    """
    if len(files) > MAX_SLICES:
        raise UnsuitableSeries(f"{len(files)} files are more than {MAX_SLICES}", reason="too_many_slices")
    headers = [frame for path in files for frame in frames_of(scan(path))]
    for header in headers:
        check_ct(header)
    plan = _plan(stack_of(without_duplicates(headers)), grid)
    hu = allocate((plan.depth.target, *grid.shape_yx))
    _fill(plan, hu)
    spacing_z, spacing_rows, spacing_columns = plan.stack.spacing_mm
    in_plane = (spacing_columns, spacing_rows) if plan.stack.transposed else (spacing_rows, spacing_columns)
    return Volume(
        hu=hu,
        spacing_mm=grid.spacing_mm,
        origin_lps_mm=_origin(plan),
        source_spacing_mm=(spacing_z, *in_plane),
        source_slices=len(plan.stack.slices),
    )


def check_ct(header: Header) -> None:
    """Refuse what is not a CT image of PS3.3 C.8.2.1: one sample of 16 bits, monochrome.

    Raises:
        UnsuitableSeries: another modality.
        BadDicom: another pixel format.
    """
    if header.modality != "CT":
        raise UnsuitableSeries("modality is not CT", reason="modality")
    if header.samples != 1 or header.photometric not in ("MONOCHROME1", "MONOCHROME2"):
        raise BadDicom("CT image is not monochrome", reason="photometric")
    if header.bits_allocated != _CT_BITS:
        raise BadDicom(f"CT image has {header.bits_allocated} instead of 16 bits allocated", reason="bad_bits")


def _plan(stack: Stack, grid: VolumeGrid) -> _Plan:
    first = stack.slices[0]
    step, rows_mm, columns_mm = stack.spacing_mm
    (height, width), (z_mm, y_mm, x_mm) = grid.shape_yx, grid.spacing_mm
    if stack.transposed:
        rows = centred(first.rows, width, x_mm / rows_mm, flipped=stack.column[0] < 0)
        columns = centred(first.columns, height, y_mm / columns_mm, flipped=stack.row[1] < 0)
    else:
        rows = centred(first.rows, height, y_mm / rows_mm, flipped=stack.column[1] < 0)
        columns = centred(first.columns, width, x_mm / columns_mm, flipped=stack.row[0] < 0)
    count, ratio = len(stack.slices), z_mm / step
    slabs = min(grid.max_slices, max(1, int(count / ratio + 1e-6)))
    return _Plan(stack, grid, rows, columns, Axis(count, slabs, count - slabs * ratio, ratio))


def _origin(plan: _Plan) -> tuple[float, float, float]:
    """LPS position (mm) of the centre of voxel (0, 0, 0)."""
    stack = plan.stack
    step, rows_mm, columns_mm = stack.spacing_mm
    point = np.array(stack.slices[0].position)
    point = point + np.array(stack.row) * (_first_centre(plan.columns) * columns_mm)
    point = point + np.array(stack.column) * (_first_centre(plan.rows) * rows_mm)
    point = point + np.array(stack.normal) * (_first_centre(plan.depth) * step)
    return float(point[0]), float(point[1]), float(point[2])


def _first_centre(axis: Axis) -> float:
    """Source index (0 = centre of the first source cell) of the centre of target cell 0."""
    cell = axis.target - 1 if axis.flipped else 0
    return axis.start + (cell + 0.5) * axis.ratio - 0.5


def _fill(plan: _Plan, hu: Float32) -> None:
    rows, columns = band_of(plan.rows), band_of(plan.columns)
    if rows is None or columns is None:  # both are centred, so they always meet; kept as a guard against a bad grid
        raise UnsuitableSeries("the model grid does not meet the image", reason="no_overlap")
    weights = overlap_weights(plan.depth)
    # The stack is written as image rows by image columns; a transposed one sees the grid through a transposed view.
    view = hu.transpose(0, 2, 1) if plan.stack.transposed else hu
    bounds = np.linspace(0, len(hu), THREADS + 1).astype(int)
    parts = [(int(low), int(high)) for low, high in itertools.pairwise(bounds) if high > low]
    with ThreadPoolExecutor(len(parts)) as pool:
        jobs = [
            pool.submit(_fill_slabs, plan.stack, (rows, columns), weights[low:high], view[low:high])
            for low, high in parts
        ]
        for job in jobs:
            job.result()
    view[:, ~rows.covered, :] = PAD_HU
    view[:, :, ~columns.covered] = PAD_HU


def _fill_slabs(stack: Stack, bands: tuple[Band, Band], weights: Float64, slabs: Float32) -> None:
    """Sum the slices that meet ``slabs``, each by its weight (slab, slice)."""
    rows, columns = bands
    reader, reducer = FrameReader(), PlaneReducer(rows, columns)
    scratch = np.empty(slabs.shape[1:], np.float32)
    started = np.zeros(len(slabs), bool)
    for index in np.flatnonzero(weights.any(axis=0)):
        header = stack.slices[index]
        hole, fill = _hole(header)
        mean = reducer.reduce(reader.read(header, rows.lo, rows.hi), hole=hole, fill=fill)
        for slab in np.flatnonzero(weights[:, index]):
            factor = np.float32(weights[slab, index] * header.slope)
            np.multiply(mean, factor, out=scratch if started[slab] else slabs[slab])
            if started[slab]:
                slabs[slab] += scratch
            started[slab] = True
    offsets = weights @ np.array([header.intercept for header in stack.slices])
    slabs += offsets[:, None, None].astype(np.float32)


def _hole(header: Header) -> tuple[int | None, float]:
    """Pixel Padding Value (PS3.3 C.7.5.1.1.2) counts as air, in stored units; None where it already is."""
    if header.padding is None:
        return None, 0.0
    air = (PAD_HU - header.intercept) / header.slope
    return (None, 0.0) if header.padding == air else (header.padding, air)
