"""Widths of star-shaped figures: the geometry that the phantoms' truth and the measurement share. Pure."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray


def widths(radius_mm: NDArray[np.float64]) -> NDArray[np.float64]:
    """Widths of figures, each given by its radius at evenly spaced angles.

    Args:
        radius_mm: axes figure, angle; an even number of angles over the full turn.

    Returns:
        Axes figure, direction: the distance of the two parallel tangents, for half a turn of directions.
    """
    angle = 2 * np.pi * np.arange(radius_mm.shape[1]) / radius_mm.shape[1]
    way = angle[: len(angle) // 2]
    shadow = radius_mm[:, None, :] * np.cos(angle[None, :] - way[:, None])[None]
    return np.asarray(shadow.max(axis=2) - shadow.min(axis=2))
