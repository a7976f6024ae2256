"""What ``bench.volume`` compares with: how the files of a series become a tensor elsewhere, and the exact answer.

Peers resample once, linearly, as their users write it; like ours they start from the same list of files.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from triton_models.volume import PAD_HU, VolumeGrid

Float32 = npt.NDArray[np.float32]
Float64 = npt.NDArray[np.float64]


def pydicom_scipy(files: Sequence[Path], grid: VolumeGrid) -> Float32:
    """``dcmread`` of every file, stack by position, rescale, ``scipy.ndimage.zoom`` of order 1, fit to the grid."""
    import pydicom
    from scipy.ndimage import zoom

    slices = sorted((pydicom.dcmread(path) for path in files), key=lambda ds: float(ds.ImagePositionPatient[2]))
    volume = np.stack([ds.pixel_array for ds in slices]).astype(np.float32)
    volume = volume * np.float32(slices[0].RescaleSlope) + np.float32(slices[0].RescaleIntercept)
    step = float(slices[1].ImagePositionPatient[2]) - float(slices[0].ImagePositionPatient[2])
    source = (step, *(float(value) for value in slices[0].PixelSpacing))
    scaled = zoom(volume, [s / g for s, g in zip(source, grid.spacing_mm, strict=True)], order=1)
    return _fit(scaled, grid)


def simpleitk(files: Sequence[Path], grid: VolumeGrid) -> Float32:
    """``ImageSeriesReader`` over GDCM's ordered names, ``Resample`` with linear interpolation onto the grid."""
    import SimpleITK as sitk  # noqa: N813 - the name its users know

    reader: Any = sitk.ImageSeriesReader()
    reader.SetFileNames(sitk.ImageSeriesReader.GetGDCMSeriesFileNames(str(files[0].parent)))
    image = reader.Execute()
    size, spacing = np.array(image.GetSize()), np.array(image.GetSpacing())
    wanted = np.array(grid.spacing_mm[::-1])
    slices = min(grid.max_slices, int(size[2] * spacing[2] / wanted[2]))
    shape = np.array([grid.shape_yx[1], grid.shape_yx[0], slices])
    origin = np.array(image.GetOrigin()) + (size * spacing - shape * wanted) / 2 + (wanted - spacing) / 2
    resampled = sitk.Resample(
        image,
        [int(n) for n in shape],
        sitk.Transform(),
        sitk.sitkLinear,
        [float(v) for v in origin],
        [float(v) for v in wanted],
        image.GetDirection(),
        PAD_HU,
        sitk.sitkFloat32,
    )
    tensor: Float32 = sitk.GetArrayFromImage(resampled)
    return tensor


def _fit(volume: Float32, grid: VolumeGrid) -> Float32:
    """Crop or pad in plane around the centre; slices from the superior end."""
    volume = volume[-grid.max_slices :]
    result = np.full((len(volume), *grid.shape_yx), PAD_HU, np.float32)
    offsets = [(have - want) // 2 for have, want in zip(volume.shape[1:], grid.shape_yx, strict=True)]
    source = tuple(slice(max(0, o), max(0, o) + w) for o, w in zip(offsets, grid.shape_yx, strict=True))
    part = volume[:, source[0], source[1]]
    y, x = (max(0, -o) for o in offsets)
    result[:, y : y + part.shape[1], x : x + part.shape[2]] = part
    return result


def exact_area_mean(
    hu: npt.NDArray[np.int16], source_mm: tuple[float, ...], grid: VolumeGrid
) -> npt.NDArray[np.float64]:
    """The exact mean in float64, by differences of interpolated cumulative sums: another way than ours."""
    slices = min(grid.max_slices, int(len(hu) * source_mm[0] / grid.spacing_mm[0] + 1e-6))
    edges_z: Float64 = len(hu) - np.arange(slices, -1, -1).astype(np.float64) * (grid.spacing_mm[0] / source_mm[0])
    depth = np.empty((slices, *hu.shape[1:]))
    for row in range(hu.shape[1]):
        depth[:, row] = _means(hu[:, row].astype(np.float64), edges_z)
    for axis in (1, 2):
        count, ratio = grid.shape_yx[axis - 1], grid.spacing_mm[axis] / source_mm[axis]
        edges: Float64 = hu.shape[axis] / 2 + (np.arange(count + 1) - count / 2) * ratio
        depth = np.moveaxis(_means(np.moveaxis(depth, axis, 0), edges), 0, axis)
    return depth


def _means(values: Float64, edges: Float64) -> Float64:
    """Means of ``values`` along axis 0 between ``edges`` (in cells), over the part that is covered."""
    total = np.concatenate([np.zeros((1, *values.shape[1:])), np.cumsum(values, axis=0)])
    inside = np.clip(edges, 0, len(values))
    whole = np.minimum(inside.astype(int), len(values) - 1)
    part = (inside - whole).reshape(-1, *[1] * (values.ndim - 1))
    at_edges = total[whole] + part * values[whole]
    lengths = np.diff(inside).reshape(-1, *[1] * (values.ndim - 1))
    means: Float64 = np.where(lengths > 0, np.diff(at_edges, axis=0) / np.maximum(lengths, 1e-12), PAD_HU)
    return means
