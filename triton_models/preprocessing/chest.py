"""Chest: cuts the letterbox off a film and evens its contrast from place to place.

Decides whether the film can be asked: a frontal view with something on it. Called by the analyser; must not look at
anything but the film.
"""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from triton_models.prepared import Prepared, indeterminate, not_applicable
from triton_models.volume import FilmGrid, Radiograph

MODEL = "pneumonia_cxr"
# Finer than the model's picture, so that a film's letterbox costs no sharpness and the key image can be read.
GRID = FilmGrid(shape_yx=(512, 512))
PICTURE_YX = (192, 192)

_FRONTAL = frozenset({"AP", "PA", ""})
_MIN_SIDE = 64
_MIN_SPREAD = 0.08
_CENTILES = (1.0, 99.0)
# Contrast-limited adaptive histogram equalisation (Zuiderveld, 1994): makers' grey-scale curves differ, lungs do not.
_CLIP, _TILES = 2.0, (4, 4)


def prepare(film: Radiograph) -> Prepared:
    """Make the model's picture.

    The picture without its letterbox is stretched to the square grid: the public films that the model learned from
    lost their aspect ratio, so the model must not be shown one.

    Returns:
        Inputs ``film`` (uint8, 1,1,y,x) and facts ``spread``, ``aspect`` and the corners of what was kept
        (``top_px``, ``bottom_px``, ``left_px``, ``right_px``, pixels of the grid); or a refusal.
    """
    view = film.view.strip().upper()
    if view not in _FRONTAL:
        return not_applicable("not a frontal view", {})
    box = _without_letterbox(film.pixels)
    picture = film.pixels[box] if box is not None else None
    if box is None or picture is None or min(picture.shape) < _MIN_SIDE:
        return indeterminate("the film is blank", {})
    low, high = (float(v) for v in np.percentile(picture, _CENTILES))
    facts = {"spread": high - low, "aspect": picture.shape[1] / picture.shape[0], **_corners(box)}
    if high - low < _MIN_SPREAD:
        return indeterminate("the film is blank", facts)
    return Prepared({"film": evened(normalise(picture, low, high))[None, None]}, None, facts)


def levels(film: Radiograph, shape_yx: tuple[int, int]) -> NDArray[np.uint8] | None:
    """The film without its letterbox on a grid of ``shape_yx``, before its contrast is evened; None where blank.

    Training varies these and evens them afterwards, in the order in which a film's maker and ``prepare`` would.
    """
    box = _without_letterbox(film.pixels)
    if box is None or min((picture := film.pixels[box]).shape) < _MIN_SIDE:
        return None
    low, high = (float(v) for v in np.percentile(picture, _CENTILES))
    return normalise(picture, low, high, shape_yx) if high - low >= _MIN_SPREAD else None


def evened(levels_yx: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Even the contrast from place to place."""
    return np.asarray(cv2.createCLAHE(clipLimit=_CLIP, tileGridSize=_TILES).apply(levels_yx), np.uint8)


def normalise(
    picture: NDArray[np.float32], low: float, high: float, shape_yx: tuple[int, int] = PICTURE_YX
) -> NDArray[np.uint8]:
    """Stretch to ``shape_yx`` and map ``low`` … ``high`` to 0 … 255."""
    rows, columns = shape_yx
    shrinking = picture.shape[0] >= rows and picture.shape[1] >= columns
    square = cv2.resize(picture, (columns, rows), interpolation=cv2.INTER_AREA if shrinking else cv2.INTER_LINEAR)
    levels = (np.asarray(square, np.float32) - low) * (255.0 / (high - low))
    return np.asarray(np.clip(np.rint(levels), 0.0, 255.0), np.uint8)


def _without_letterbox(pixels: NDArray[np.float32]) -> tuple[slice, slice] | None:
    rows = np.flatnonzero(pixels.any(axis=1))
    columns = np.flatnonzero(pixels.any(axis=0))
    if rows.size == 0:
        return None
    return slice(int(rows[0]), int(rows[-1]) + 1), slice(int(columns[0]), int(columns[-1]) + 1)


def _corners(box: tuple[slice, slice]) -> dict[str, float]:
    rows, columns = box
    return {"top_px": rows.start, "bottom_px": rows.stop, "left_px": columns.start, "right_px": columns.stop}
