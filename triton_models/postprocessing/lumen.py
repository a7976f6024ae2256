"""Adds to a segmentation what its enhanced lumen shows beyond doubt to be inside.

Blood with contrast medium has one grey. Where a bright area of a slice lies mostly inside the segmented aorta, the rest
of it is aorta, too. Called by ``postprocessing.aorta``; pure. Without contrast medium it changes nothing.
"""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from triton_models.postprocessing.course import INSIDE

_SURE = 0.9
_ENHANCED_HU = 180.0
_SHARE_OF_LUMEN = 0.75
_LEAST_SHARE = 0.4
_LEAST_VOXELS = 12


def with_lumen(probability: NDArray[np.float32], hu: NDArray[np.float32]) -> NDArray[np.float32]:
    """Raise the probability (z,y,x) of bright voxels that belong to areas mostly inside; a new array where any do."""
    sure = hu[probability > _SURE]
    if sure.size < _LEAST_VOXELS:
        return probability
    lumen = float(np.quantile(sure, 0.75))
    if lumen < _ENHANCED_HU:
        return probability
    bright = hu > _SHARE_OF_LUMEN * lumen
    raised = probability.copy()
    for z in np.flatnonzero((bright & (probability > INSIDE)).any(axis=(1, 2))):
        count, labels, stats, _ = cv2.connectedComponentsWithStats(bright[z].astype(np.uint8), connectivity=4)
        inside = np.bincount(labels[probability[z] > INSIDE], minlength=count)
        share = inside / np.maximum(stats[:, cv2.CC_STAT_AREA], 1)
        taken = (share >= _LEAST_SHARE) & (inside >= _LEAST_VOXELS) & (np.arange(count) > 0)
        missed = taken[labels] & (probability[z] <= INSIDE)
        raised[z][missed] = _SURE
    return raised
