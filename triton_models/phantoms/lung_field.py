"""Where the lungs are on a normal film: dark, left and right of the spine, and not joined to the picture's edge.

Decides where the synthetic opacities of ``opacity`` may lie. Called when training films are read; good for normal films
alone, because an opaque lung is not dark. It must not be used to judge a film.
"""

from __future__ import annotations

from collections.abc import Iterator

import cv2
import numpy as np
from numpy.typing import NDArray

Mask = NDArray[np.bool_]
Grey = NDArray[np.float32]

# Shares of the picture that one lung of a frontal film covers.
_LEAST, _MOST = 0.035, 0.26
_MARGIN = 0.03
_LEVELS = (0.62, 0.55, 0.48, 0.40, 0.33, 0.26)


def lung_field(film: Grey) -> tuple[Mask, Mask] | None:
    """Find both lungs.

    Args:
        film: grey values 0 black to 1 white, axes y,x.

    Returns:
        Masks of the lung on the picture's left and on its right, or None where they cannot be told.
    """
    even = _evened(film)
    for level in _LEVELS:
        found = _pair(even < level)
        if found is not None:
            return found
    return None


def _evened(film: Grey) -> Grey:
    """Local contrast evened and ribs blurred away, so that one level can part lung from soft tissue."""
    grey = np.clip(np.rint(film * 255.0), 0, 255).astype(np.uint8)
    evened = cv2.createCLAHE(clipLimit=4.0, tileGridSize=(2, 2)).apply(grey)
    return np.asarray(cv2.GaussianBlur(np.asarray(evened, np.float32) / 255.0, (0, 0), film.shape[0] * 0.012))


def _pair(dark: Mask) -> tuple[Mask, Mask] | None:
    inside = dark.copy()
    edge = max(1, round(_MARGIN * dark.shape[0]))
    inside[:edge] = inside[-edge:] = False
    outer = _touching(dark)
    inside &= ~outer
    left, right = None, None
    for lung, centre in _lungs(inside):
        if centre < 0.5:  # the middle of the picture
            left = lung if left is None or lung.sum() > left.sum() else left
        else:
            right = lung if right is None or lung.sum() > right.sum() else right
    if left is None or right is None or not 0.4 < left.sum() / right.sum() < 2.5:  # alike in size
        return None
    return _smooth(left), _smooth(right)


def _touching(dark: Mask) -> Mask:
    """What is joined to the left, right or lower edge: air beside the body and collimation."""
    _, labels = cv2.connectedComponents(dark.astype(np.uint8))
    edges = np.concatenate([labels[:, 0], labels[:, -1], labels[-1], labels[0]])
    return np.asarray(np.isin(labels, np.unique(edges[edges > 0])))


def _lungs(inside: Mask) -> Iterator[tuple[Mask, float]]:
    count, labels, stats, centres = cv2.connectedComponentsWithStats(inside.astype(np.uint8))
    for number in range(1, count):
        share = stats[number, cv2.CC_STAT_AREA] / inside.size
        column, row = centres[number] / np.array(inside.shape[::-1])
        tall = stats[number, cv2.CC_STAT_HEIGHT] / inside.shape[0]
        if _LEAST < share < _MOST and 0.15 < column < 0.85 and 0.2 < row < 0.75 and tall > 0.25:
            yield np.asarray(labels == number), float(column)


def _smooth(lung: Mask) -> Mask:
    """Close the gaps that ribs and vessels leave."""
    size = max(3, round(lung.shape[0] * 0.05)) | 1
    kernel = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (size, size))
    closed = cv2.morphologyEx(lung.astype(np.uint8), cv2.MORPH_CLOSE, kernel)
    return np.asarray(closed, np.uint8).astype(np.bool_)
