"""Finds the plane that divides a head into left and right, and lays the head straight along it.

One picture is enough: seen from above, the skull shows its turn. Its tilt to one side does not show as clearly (a vault
is round from the front), so that is left to the model. Called by ``preprocessing.stroke``; decides nothing clinical.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

_BLUR = 2.0
_COARSE_DEG = np.arange(-24.0, 24.1, 3.0)
_FINE_DEG = np.arange(-2.5, 2.6, 0.5)


@dataclass(frozen=True, slots=True)
class Mirror:
    """The best mirror line of a picture: how far it is turned (degrees) and where it crosses the middle row."""

    turn_deg: float
    column: float


def mirror_line(picture: NDArray[np.float32]) -> Mirror:
    """Find the upright line about which the picture (rows, columns; 0 is nothing) is most nearly its mirror."""
    # Blurred first: turning blurs too, and a sharper picture would win for its sharpness alone.
    picture = np.asarray(cv2.GaussianBlur(picture, (0, 0), _BLUR), np.float32)
    best = max((_fit(picture, float(d)) for d in _COARSE_DEG), key=lambda found: found[0])
    around = (_fit(picture, best[1] + float(d)) for d in _FINE_DEG)
    _, turn, column = max(around, key=lambda found: found[0])
    return Mirror(turn, column)


def straightened(plane: NDArray[np.float32], mirror: Mirror, fill: float) -> NDArray[np.float32]:
    """Turn a picture about its middle so that the mirror line is upright and in the middle column."""
    height, width = plane.shape
    matrix = _turn(height, width, mirror.turn_deg)
    matrix[0, 2] += (width - 1) / 2 - mirror.column
    out = cv2.warpAffine(plane, matrix, (width, height), borderMode=cv2.BORDER_CONSTANT, borderValue=fill)
    return np.asarray(out, np.float32)


def source_of(mirror: Mirror, row: float, column: float, shape: tuple[int, int]) -> tuple[float, float]:
    """Say where a point (row, column) of a straightened picture came from."""
    height, width = shape
    matrix = _turn(height, width, mirror.turn_deg)
    matrix[0, 2] += (width - 1) / 2 - mirror.column
    back = cv2.invertAffineTransform(matrix)
    x, y = back @ np.array([column, row, 1.0])
    return float(y), float(x)


def _turn(height: int, width: int, degrees: float) -> NDArray[np.float64]:
    centre = ((width - 1) / 2, (height - 1) / 2)
    return np.asarray(cv2.getRotationMatrix2D(centre, degrees, 1.0), np.float64)


def _fit(picture: NDArray[np.float32], degrees: float) -> tuple[float, float, float]:
    """How well the turned picture matches its mirror image, and about which column."""
    height, width = picture.shape
    turned = cv2.warpAffine(picture, _turn(height, width, degrees), (width, height))
    spectrum = np.fft.rfft(turned, 2 * width, axis=1)
    # A row convolved with itself peaks at twice the column of its symmetry.
    overlap = np.fft.irfft((spectrum**2).sum(axis=0), 2 * width)
    at = int(overlap.argmax())
    energy = float((turned**2).sum()) + 1e-6
    return float(overlap[at]) / energy, degrees, at / 2.0
