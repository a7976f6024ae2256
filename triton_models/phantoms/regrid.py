"""Area-averages a phantom onto a pathway's grid, as the DICOM layer does with a real series.

For training and tests, which have an array and no DICOM files. Plain and exact rather than fast.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from triton_models.volume import PAD_HU, Volume, VolumeGrid


def regrid(
    hu: NDArray[np.int16] | NDArray[np.float32],
    grid: VolumeGrid,
    *,
    spacing_mm: tuple[float, float, float],
    origin_lps_mm: tuple[float, float, float],
) -> Volume:
    """Average ``hu`` (z,y,x) onto ``grid``: centred in plane, counted from the superior end along z."""
    nz, ny, nx = hu.shape
    dz, dy, dx = spacing_mm
    gz = grid.spacing_mm[0]
    slices = min(grid.max_slices, max(1, int(np.ceil(nz * dz / gz - 1e-6))))
    top = nz * dz
    first_y, first_x = (
        (n * d - cells * cell) / 2
        for n, d, cells, cell in zip((ny, nx), (dy, dx), grid.shape_yx, grid.spacing_mm[1:], strict=True)
    )
    wz = _overlap(slices, gz, top - slices * gz, nz, dz)
    ey = (first_y + grid.spacing_mm[1] * np.arange(grid.shape_yx[0] + 1)) / dy
    ex = (first_x + grid.spacing_mm[2] * np.arange(grid.shape_yx[1] + 1)) / dx
    out = _averaged(hu, wz, ey, ex)
    x, y, z = origin_lps_mm
    origin = (
        x - dx / 2 + (nx * dx - grid.shape_yx[1] * grid.spacing_mm[2]) / 2 + grid.spacing_mm[2] / 2,
        y - dy / 2 + (ny * dy - grid.shape_yx[0] * grid.spacing_mm[1]) / 2 + grid.spacing_mm[1] / 2,
        z - dz / 2 + (top - slices * gz) + gz / 2,
    )
    return Volume(out, grid.spacing_mm, origin, spacing_mm, nz)


def _overlap(cells: int, cell_mm: float, first_edge_mm: float, sources: int, source_mm: float) -> NDArray[np.float32]:
    """Length of overlap of each cell with each source voxel along one axis (rows: cells)."""
    low = first_edge_mm + cell_mm * np.arange(cells)[:, None]
    start = source_mm * np.arange(sources)[None, :]
    both = np.minimum(low + cell_mm, start + source_mm) - np.maximum(low, start)
    return np.asarray(np.maximum(both, 0.0), np.float32)


def _averaged(
    hu: NDArray[np.int16] | NDArray[np.float32],
    wz: NDArray[np.float32],
    ey: NDArray[np.float64],
    ex: NDArray[np.float64],
) -> NDArray[np.float32]:
    """Average by overlaps along z and between cell edges (in source pixels) along y and x."""
    across = _widths(ey, hu.shape[1])[:, None] * _widths(ex, hu.shape[2])[None, :]
    planes = np.stack([_summed(_summed(plane.astype(np.float64), ex).T, ey).T.astype(np.float32) for plane in hu])
    out = np.empty((len(wz), *across.shape), np.float32)
    for z, row in enumerate(wz):
        weight = float(row.sum()) * across
        summed = sum(row[k] * planes[k] for k in np.flatnonzero(row))
        out[z] = np.where(weight > 0, summed / np.maximum(weight, 1e-9), PAD_HU)
    return out


def _summed(plane: NDArray[np.float64], edges: NDArray[np.float64]) -> NDArray[np.float64]:
    """Integrate each row between the edges: exact for piecewise constant rows, and far cheaper than a product."""
    first, whole = int(edges[0]), len(edges) - 1
    if np.array_equal(edges, first + np.arange(whole + 1)) and first >= 0 and first + whole <= plane.shape[1]:
        return plane[:, first : first + whole]
    running = np.zeros((plane.shape[0], plane.shape[1] + 1))
    np.cumsum(plane, axis=1, out=running[:, 1:])
    at = np.clip(edges, 0.0, plane.shape[1])
    low = np.minimum(at.astype(int), plane.shape[1] - 1)
    part = at - low
    value = running[:, low] * (1.0 - part) + running[:, low + 1] * part
    return np.asarray(np.diff(value, axis=1))


def _widths(edges: NDArray[np.float64], limit: int) -> NDArray[np.float64]:
    return np.asarray(np.diff(np.clip(edges, 0.0, limit)))
