"""Whether a CTA head can answer: did the head hold still, and was it scanned while the arteries were full.

Called by ``preprocessing.stroke``, which names the reason. Pure; the limits are set on phantoms.
"""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

_BONE_HU = 350.0
_LAYER = 3
# Sinuses are wide, even and lie behind: their level is what so much (ml) of the even places reaches. Less than that may
# be the rim of bone.
_VEIN_BOX = 5
_VEIN_HU = (60.0, 650.0)
_VEIN_ML = 0.3
_UNEVEN_HU = 60.0
_MM3_PER_ML = 1000


def motion_mm(vault: NDArray[np.float32]) -> float:
    """How far layers of 3 mm of the vault (z,y,x at 1 mm) lie out of line with their neighbours, typically.

    A tilted head moves evenly from layer to layer and gives 0; a head that jerked does not.
    """
    layers = vault[: len(vault) // _LAYER * _LAYER].reshape(-1, _LAYER, *vault.shape[1:])
    bone = (layers > _BONE_HU).mean(axis=1)
    weight = bone.sum(axis=(1, 2))
    if len(weight) < 5 or (weight < 1.0).any():  # noqa: PLR2004 - layers
        return 0.0
    rows, columns = np.arange(bone.shape[1]), np.arange(bone.shape[2])
    centre = np.stack([bone.sum(axis=2) @ rows / weight, bone.sum(axis=1) @ columns / weight], axis=1)
    return float(np.median(np.linalg.norm(np.diff(centre, n=2, axis=0), axis=1)))


def vein_level_hu(behind: NDArray[np.float32]) -> float:
    """HU of the sinuses in a block (z,y,x at 1 mm) that holds the middle of the back of the head."""
    mean = np.stack([cv2.blur(plane, (_VEIN_BOX, _VEIN_BOX)) for plane in behind])
    square = np.stack([cv2.blur(plane * plane, (_VEIN_BOX, _VEIN_BOX)) for plane in behind])
    uneven = np.sqrt(np.maximum(square - mean * mean, 0.0))
    inside = (mean > _VEIN_HU[0]) & (mean < _VEIN_HU[1]) & (uneven < _UNEVEN_HU)
    found, wanted = np.sort(mean[inside])[::-1], int(_VEIN_ML * _MM3_PER_ML)
    return float(found[wanted - 1]) if found.size >= wanted else 0.0
