"""Takes the bone out of a CTA block, scales it by the brightness of its own arteries, and stacks it into thin slabs.

What remains differs little between scanners, contrast strengths and heads. Called by ``preprocessing.stroke``; decides
nothing clinical. Arrays are float32 HU, axes z,y,x, at 1 mm.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

Block = NDArray[np.float32]

SLAB_MM = 5
# What replaces bone: brain.
_TISSUE_HU = 30.0
# A vessel in the brain has brain around it, bone does not: shares of a box that are brain or fluid.
_SOFT_HU = (-30.0, 130.0)
_SOFT_BOX_MM, _SOFT_SHARE = 11, 0.85
_NEAR_BOX_MM, _NEAR_MEAN_HU = 13, 80.0
_BRIGHT_HU, _BRIGHTEST_ARTERY_HU = 130.0, 750.0
# Around bone much is bright. Shares of a cube of 9 mm.
_BOX_MM = 9
_DENSE_SHARE = 0.08
_THICK_SHARE = 0.4
_BONE_FROM_HU = 160.0
# Brightness of the arteries: mean of these ranks (ml); a few brighter voxels do not count.
_RANKS_ML = (0.08, 0.25)
_MM3_PER_ML = 1000
_MARGIN_MM = 18
_ARTERY_LEVEL = 180.0
_LEVELS = 255.0
_BONE_WINDOW_HU = 1200.0


@dataclass(frozen=True, slots=True)
class Contrast:
    """How bright the arteries of a block are, and how much of them can be seen."""

    artery_hu: float
    bright_ml: float


def contrast_of(block: Block) -> Contrast:
    """Measure the arteries that have brain around them, near the middle of the block."""
    middle = np.ascontiguousarray(block[:, _MARGIN_MM:-_MARGIN_MM, _MARGIN_MM:-_MARGIN_MM])
    soft = _box_mean((middle > _SOFT_HU[0]) & (middle < _SOFT_HU[1]), _SOFT_BOX_MM)
    kept = np.clip(middle, -100.0, None)
    near = np.stack([cv2.blur(plane, (_NEAR_BOX_MM, _NEAR_BOX_MM)) for plane in kept])
    bright = (middle > _BRIGHT_HU) & (middle < _BRIGHTEST_ARTERY_HU)
    found = np.sort(middle[bright & (soft > _SOFT_SHARE) & (near < _NEAR_MEAN_HU)])[::-1]
    low, high = (int(ml * _MM3_PER_ML) for ml in _RANKS_ML)
    ranked = found[low:high]
    level = float(ranked.mean()) if ranked.size else _BRIGHT_HU
    return Contrast(level, found.size / _MM3_PER_ML)


def without_bone(block: Block, artery_hu: float) -> Block:
    """Replace bone and its partial-volume rim by brain; small dense spots, as of plaques, stay."""
    dense = block > max(1.4 * artery_hu, artery_hu + 120.0)
    bright = block > max(_BONE_FROM_HU, 0.6 * artery_hu)
    bone = (dense & (_box_mean(dense, _BOX_MM) > _DENSE_SHARE)) | (bright & (_box_mean(bright, _BOX_MM) > _THICK_SHARE))
    return np.where(_dilated(bone.astype(np.uint8)) > 0, np.float32(_TISSUE_HU), block)


def slabs(block: Block, artery_hu: float) -> NDArray[np.uint8]:
    """Stack into slabs of 5 mm: the brightest voxel without bone, and with bone.

    Returns:
        uint8 (2,z/5,y,x): 180 is the brightness of the arteries; the second channel shows bone up to 1200 HU.
    """
    clean = without_bone(block, artery_hu)
    scale = _ARTERY_LEVEL / max(artery_hu - _TISSUE_HU, 1.0)
    vessel = np.clip((_brightest(clean) - _TISSUE_HU) * scale, 0.0, _LEVELS)
    bone = np.clip(_brightest(block) * (_LEVELS / _BONE_WINDOW_HU), 0.0, _LEVELS)
    return np.asarray(np.rint(np.stack([vessel, bone])), np.uint8)


def _brightest(block: Block) -> Block:
    nz, ny, nx = block.shape
    return np.asarray(block.reshape(nz // SLAB_MM, SLAB_MM, ny, nx).max(axis=1))


def _box_mean(mask: NDArray[np.bool_], size: int) -> Block:
    """Share of a cube that is set, one axis after the other."""
    planes = np.stack([cv2.blur(plane.astype(np.float32), (size, size)) for plane in mask])
    flat = planes.reshape(len(planes), -1)
    return np.asarray(cv2.blur(flat, (1, size))).reshape(mask.shape)


def _dilated(mask: NDArray[np.uint8]) -> NDArray[np.uint8]:
    cross = np.ones((3, 3), np.uint8)
    planes = np.stack([cv2.dilate(plane, cross) for plane in mask])
    flat = planes.reshape(len(planes), -1)
    return np.asarray(cv2.dilate(flat, np.ones((3, 1), np.uint8))).reshape(mask.shape)
