"""Fixed-size crops and windowing shared by the CT pathways. Pure numpy; decides nothing clinical."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from triton_models.volume import PAD_HU

_WINDOW_LEVELS = 255.0


def crop_padded(
    hu: NDArray[np.float32],
    start_zyx: tuple[int, int, int],
    shape_zyx: tuple[int, int, int],
    *,
    fill: float = PAD_HU,
) -> NDArray[np.float32]:
    """Cut a box that may reach outside the volume; what lies outside is ``fill``."""
    out = np.full(shape_zyx, fill, np.float32)
    source, target = [], []
    for start, size, limit in zip(start_zyx, shape_zyx, hu.shape, strict=True):
        low, high = max(start, 0), min(start + size, limit)
        if high <= low:
            return out
        source.append(slice(low, high))
        target.append(slice(low - start, high - start))
    out[tuple(target)] = hu[tuple(source)]
    return out


def to_uint8(hu: NDArray[np.float32], low_hu: float, high_hu: float) -> NDArray[np.uint8]:
    """Map ``low_hu`` … ``high_hu`` linearly to 0 … 255, clipped: one byte a voxel is what travels to the server."""
    flat = np.ascontiguousarray(hu).reshape(hu.shape[0], -1)
    scale = _WINDOW_LEVELS / (high_hu - low_hu)
    # OpenCV's saturating conversion does scale, round and clip in one pass; NaN would become 0.
    bytes_flat = cv2.convertScaleAbs(np.maximum(flat, low_hu), alpha=scale, beta=-low_hu * scale)
    return np.asarray(bytes_flat, dtype=np.uint8).reshape(hu.shape)


def middle_of(weights: NDArray[np.float64], fraction: float = 0.02) -> float:
    """Find the middle between the two ends of a profile, ignoring ``fraction`` of its mass at each end (voxels)."""
    total = float(weights.sum())
    running = np.cumsum(weights)
    low = int(np.searchsorted(running, fraction * total))
    high = int(np.searchsorted(running, (1.0 - fraction) * total))
    return (low + high) / 2.0


def covered_slices(hu: NDArray[np.float32]) -> NDArray[np.bool_]:
    """Say for each z whether the source covered it at all."""
    return np.asarray((hu[:, ::4, ::4] > PAD_HU + 0.5).any(axis=(1, 2)))
