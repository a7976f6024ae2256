"""The course of a segmented vessel: its connected voxels and a smooth line through the middle of its sections.

Used by ``postprocessing.section``. Pure; knows nothing of diameters and thresholds.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

INSIDE = 0.5
# A wide vessel cannot bend within its own width: its line is smoothed over this share of its radius.
_LEAST_SMOOTH_MM, _SMOOTH_SHARE, _MOST_SMOOTH_MM = 7.0, 1.0, 25.0

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Course:
    """Points (n, 3) z, y, x in millimetres from the first voxel, evenly spaced from inferior to superior, with frames.

    Attributes:
        points_mm: the line.
        tangents: its direction.
        across, along: two unit vectors square to it and to each other.
        step_mm: spacing of the points.
    """

    points_mm: Floats
    tangents: Floats
    across: Floats
    along: Floats
    step_mm: float


def first_course(body: NDArray[np.bool_], spacing_mm: float, step_mm: float) -> Course:
    """Join the middles of the transverse slices."""
    slices = np.flatnonzero(body.any(axis=(1, 2)))
    middles = np.array([_middle(body[z]) for z in slices])
    return course_through(np.column_stack([slices, middles]) * spacing_mm, step_mm)


def course_through(points_mm: Floats, step_mm: float, radius_mm: Floats | None = None) -> Course:
    """Space points evenly, smooth them (the more, the wider the vessel is there) and give each a frame."""
    wide = np.zeros(len(points_mm)) if radius_mm is None else radius_mm
    joined = _spaced(np.column_stack([points_mm, wide]), step_mm)
    sigma = np.clip(_SMOOTH_SHARE * joined[:, 3], _LEAST_SMOOTH_MM, _MOST_SMOOTH_MM)
    points = _spaced(_smoothed(joined[:, :3], sigma / step_mm), step_mm)
    tangents = unit(np.gradient(points, axis=0))
    return Course(points, tangents, *frames(tangents), step_mm)


def frames(tangents: Floats) -> tuple[Floats, Floats]:
    """Two unit vectors square to each tangent (n, 3) and to each other; the second leans to posterior."""
    posterior = np.array([0.0, 1.0, 0.0])
    along = unit(posterior - (tangents @ posterior)[:, None] * tangents)
    return np.cross(along, tangents), along


def unit(vectors: Floats) -> Floats:
    """Scale vectors (..., 3) to length 1."""
    return np.asarray(vectors / np.maximum(np.linalg.norm(vectors, axis=-1, keepdims=True), 1e-12))


def _middle(plane: NDArray[np.bool_]) -> tuple[float, float]:
    m = cv2.moments(plane.astype(np.uint8), binaryImage=True)
    return m["m01"] / m["m00"], m["m10"] / m["m00"]


def _spaced(points: Floats, step_mm: float) -> Floats:
    length = np.concatenate([[0.0], np.cumsum(np.linalg.norm(np.diff(points[:, :3], axis=0), axis=1))])
    wanted = np.arange(0.0, length[-1] + 1e-6, step_mm)
    return np.stack([np.interp(wanted, length, column) for column in points.T], axis=1)


def _smoothed(points: Floats, sigma: Floats) -> Floats:
    """Smooth a line by local straight-line fits, which do not shorten its ends; ``sigma`` (in points) varies."""
    index = np.arange(len(points), dtype=np.float64)
    away = index[None, :] - index[:, None]
    weight = np.exp(-0.5 * (away / sigma[:, None]) ** 2)
    weight /= weight.sum(axis=1, keepdims=True)
    first, second = (weight * away).sum(axis=1), (weight * away**2).sum(axis=1)
    spread = np.maximum(second - first**2, 1e-9)
    level, slope = weight @ points, (weight * away) @ points
    slope = (slope - first[:, None] * level) / spread[:, None]
    return np.asarray(level - slope * first[:, None])
