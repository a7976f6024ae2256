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
    wz = _overlap(slices, gz, top - slices * gz, nz, dz)
    wy = _overlap(grid.shape_yx[0], grid.spacing_mm[1], (ny * dy - grid.shape_yx[0] * grid.spacing_mm[1]) / 2, ny, dy)
    wx = _overlap(grid.shape_yx[1], grid.spacing_mm[2], (nx * dx - grid.shape_yx[1] * grid.spacing_mm[2]) / 2, nx, dx)
    out = _averaged(hu.astype(np.float32), wz, wy, wx)
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
    hu: NDArray[np.float32], wz: NDArray[np.float32], wy: NDArray[np.float32], wx: NDArray[np.float32]
) -> NDArray[np.float32]:
    planes = np.einsum("zk,kn->zn", wz, hu.reshape(hu.shape[0], -1), optimize=True)
    planes = planes.reshape(len(wz), hu.shape[1], hu.shape[2])
    summed = np.matmul(np.matmul(wy, planes), wx.T)
    weight = wz.sum(1)[:, None, None] * wy.sum(1)[None, :, None] * wx.sum(1)[None, None, :]
    return np.asarray(np.where(weight > 0, summed / np.maximum(weight, 1e-9), PAD_HU), np.float32)
