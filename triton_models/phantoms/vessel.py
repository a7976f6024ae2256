"""A bent vessel whose section square to its course may be any star-shaped figure, with exactly known diameters.

Called by the aorta's phantoms and their truth. Knows nothing of organs, grey values or guidelines.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from triton_models.phantoms.tree import Points
from triton_models.starshape import widths

ANGLES = 72
_CHUNK = 40_000
# Where the course bends more sharply than this share of its radius allows, sections would cut into each other.
_MAX_BEND = 0.7
_BEND_SMOOTH_MM = 8.0

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Vessel:
    """A course and its outer wall.

    Attributes:
        points_mm: (n, 3) x, y, z, evenly spaced, from inferior to superior.
        tangents, across, along: (n, 3) unit vectors; the last two span the plane square to the course.
        outer_mm: (n, ``ANGLES``) distance of the outer wall from the course, by angle from ``across`` to ``along``.
        step_mm: spacing of the points.
    """

    points_mm: Points
    tangents: Floats
    across: Floats
    along: Floats
    outer_mm: Floats
    step_mm: float

    @property
    def obliquity_deg(self) -> Floats:
        """Angle of the course against the long axis of the body, per point."""
        return np.asarray(np.rad2deg(np.arccos(np.clip(self.tangents[:, 2], -1.0, 1.0))))

    @property
    def feret_mm(self) -> Floats:
        """Largest diameter of the section square to the course, per point (the distance of two parallel tangents)."""
        return np.asarray(widths(self.outer_mm).max(axis=1))


@dataclass(frozen=True, slots=True)
class Nearness:
    """Where points in space lie relative to a vessel: place along it (in points), and polar place in its section."""

    place: NDArray[np.float32]
    radius_mm: NDArray[np.float32]
    angle: NDArray[np.float32]


def vessel_along(points_mm: Points, outer_mm: Floats, step_mm: float) -> Vessel:
    """Build frames for a course; the course is eased where it bends too sharply for its radius."""
    points, outer = _eased(points_mm, outer_mm, step_mm), outer_mm
    tangents = _unit(np.gradient(points, axis=0))
    posterior = np.array([0.0, 1.0, 0.0])
    along = _unit(posterior - (tangents @ posterior)[:, None] * tangents)
    return Vessel(points, tangents, np.cross(along, tangents), along, outer, step_mm)


def nearness(vessel: Vessel, places_mm: NDArray[np.float32]) -> Nearness:
    """Find the nearest section of each of the places (m, 3)."""
    parts = [_near(vessel, places_mm[i : i + _CHUNK]) for i in range(0, len(places_mm), _CHUNK)]
    joined = [np.concatenate([part[k] for part in parts]) for k in range(3)]
    return Nearness(*joined)


def depth_mm(vessel: Vessel, near: Nearness, outer_mm: Floats | None = None) -> NDArray[np.float32]:
    """How deep inside the outer wall (or another star-shaped surface) each place lies; negative outside."""
    table = vessel.outer_mm if outer_mm is None else outer_mm
    inside = looked_up(table, near) - near.radius_mm
    ends = np.minimum(near.place, len(table) - 1 - near.place) * vessel.step_mm
    return np.asarray(np.minimum(inside, ends), np.float32)


def looked_up(table: Floats, near: Nearness) -> NDArray[np.float32]:
    """Interpolate a table by place along the vessel and angle."""
    count, angles = table.shape
    place = np.clip(near.place, 0.0, count - 1.001)
    turn = (near.angle / (2 * np.pi) * angles) % angles
    row, column = place.astype(np.int64), turn.astype(np.int64) % angles
    f, g = place - row, turn - np.floor(turn)
    flat = table.astype(np.float32)
    right = (column + 1) % angles
    low = flat[row, column] * (1 - g) + flat[row, right] * g
    high = flat[row + 1, column] * (1 - g) + flat[row + 1, right] * g
    return np.asarray(low * (1 - f) + high * f, np.float32)


def _near(vessel: Vessel, places: NDArray[np.float32]) -> tuple[NDArray[np.float32], ...]:
    points = vessel.points_mm.astype(np.float32)
    middle = points.mean(axis=0)
    local, course = places - middle, points - middle
    squared = (course**2).sum(axis=1)[None, :] - 2.0 * (local @ course.T)
    index = squared.argmin(axis=1)
    offset = places - points[index]
    ahead = np.einsum("ij,ij->i", offset, vessel.tangents.astype(np.float32)[index])
    u = np.einsum("ij,ij->i", offset, vessel.across.astype(np.float32)[index])
    v = np.einsum("ij,ij->i", offset, vessel.along.astype(np.float32)[index])
    place = index + ahead / vessel.step_mm
    return place.astype(np.float32), np.hypot(u, v).astype(np.float32), np.arctan2(v, u).astype(np.float32)


def _eased(points: Points, outer: Floats, step_mm: float) -> Points:
    radius = outer.max(axis=1)
    for _ in range(30):
        points = _evenly(points)
        bend = np.linalg.norm(np.gradient(_unit(np.gradient(points, axis=0)), axis=0), axis=1) / step_mm
        if float((bend * radius)[3:-3].max()) < _MAX_BEND:
            break
        points = _smoothed(points, _BEND_SMOOTH_MM / step_mm)
    return points


def _evenly(points: Points) -> Points:
    """Space the same number of points evenly along the curve."""
    length = np.concatenate([[0.0], np.cumsum(np.linalg.norm(np.diff(points, axis=0), axis=1))])
    wanted = np.linspace(0.0, length[-1], len(points))
    return np.stack([np.interp(wanted, length, column) for column in points.T], axis=1)


def _smoothed(points: Points, sigma: float) -> Points:
    reach = max(1, int(3 * sigma))
    kernel = np.exp(-0.5 * (np.arange(-reach, reach + 1) / sigma) ** 2)
    padded = np.pad(points, ((reach, reach), (0, 0)), mode="reflect", reflect_type="odd")
    return np.stack([np.convolve(c, kernel / kernel.sum(), mode="valid") for c in padded.T], axis=1)


def _unit(vectors: Floats) -> Floats:
    return np.asarray(vectors / np.maximum(np.linalg.norm(vectors, axis=-1, keepdims=True), 1e-12))
