"""A tree of arteries: points, radii, parents, and which artery each point belongs to.

Built by ``willis`` (drawn) or ``brava`` (measured), cut by ``occlusion``, painted by ``paint``.
"""

from __future__ import annotations

import enum
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Points = NDArray[np.float64]


class Artery(enum.IntEnum):
    """Which artery a point belongs to; LEFT and RIGHT are the patient's own."""

    TRUNK = 0
    ACA_LEFT = 1
    ACA_RIGHT = 2
    MCA_LEFT = 3
    MCA_RIGHT = 4
    PCA_LEFT = 5
    PCA_RIGHT = 6


@dataclass(frozen=True, slots=True)
class ArterialTree:
    """Arteries in LPS millimetres; the origin lies midway between the two carotid ends.

    Attributes:
        points_mm: (n, 3) x, y, z.
        radius_mm: (n,).
        parent: (n,) index of the point before, -1 at a root; a parent's index is always the smaller one.
        artery: (n,) values of ``Artery``.
    """

    points_mm: Points
    radius_mm: NDArray[np.float64]
    parent: NDArray[np.int64]
    artery: NDArray[np.int64]

    def mirrored(self) -> ArterialTree:
        """Swap left and right, names included."""
        swap = np.array([0, 2, 1, 4, 3, 6, 5])
        return ArterialTree(self.points_mm * [-1.0, 1.0, 1.0], self.radius_mm, self.parent, swap[self.artery])

    def warped(self, matrix: NDArray[np.float64]) -> ArterialTree:
        """Apply a 3×3 matrix to the points."""
        return ArterialTree(self.points_mm @ matrix.T, self.radius_mm, self.parent, self.artery)

    def subtree_sizes(self) -> NDArray[np.int64]:
        """Count for each point itself and everything that hangs on it."""
        sizes = np.ones(len(self.parent), np.int64)
        for i in range(len(self.parent) - 1, -1, -1):
            if self.parent[i] >= 0:
                sizes[self.parent[i]] += sizes[i]
        return sizes

    def sizes_within(self, artery: Artery) -> NDArray[np.int64]:
        """Count for each point of one artery itself and everything of that artery that hangs on it; 0 elsewhere."""
        own = self.artery == int(artery)
        sizes: NDArray[np.int64] = own.astype(np.int64)
        for i in range(len(self.parent) - 1, -1, -1):
            above = self.parent[i]
            if own[i] and above >= 0 and own[above]:
                sizes[above] += sizes[i]
        return sizes

    def start_of(self, artery: Artery) -> int:
        """Where an artery begins: the point on which most of it hangs (a few trees have stray labels)."""
        return int(np.argmax(self.sizes_within(artery)))

    def depth_below(self, start: int) -> NDArray[np.float64]:
        """Path length in mm from ``start`` to each point that hangs on it; infinite elsewhere."""
        depth = np.full(len(self.parent), np.inf)
        depth[start] = 0.0
        for i in range(start + 1, len(self.parent)):
            above = self.parent[i]
            if above >= 0 and np.isfinite(depth[above]):
                depth[i] = depth[above] + float(np.linalg.norm(self.points_mm[i] - self.points_mm[above]))
        return depth


class TreeBuilder:
    """Grows a tree branch by branch."""

    def __init__(self) -> None:
        self._points: list[Points] = []
        self._radius: list[NDArray[np.float64]] = []
        self._parent: list[NDArray[np.int64]] = []
        self._artery: list[NDArray[np.int64]] = []
        self._count = 0

    def branch(self, control_mm: Points, radius_mm: tuple[float, float], artery: Artery, *, parent: int = -1) -> range:
        """Add a smooth curve through ``control_mm`` whose radius runs from the first value to the second.

        Returns:
            The indices of its points, from the parent's end on.
        """
        curve = smooth_curve(control_mm, 1.0)
        n = len(curve)
        self._points.append(curve)
        self._radius.append(np.linspace(radius_mm[0], radius_mm[1], n))
        links = np.arange(self._count - 1, self._count + n - 1)
        links[0] = parent
        self._parent.append(links)
        self._artery.append(np.full(n, int(artery)))
        self._count += n
        return range(self._count - n, self._count)

    def build(self) -> ArterialTree:
        """Finish."""
        return ArterialTree(
            np.concatenate(self._points),
            np.concatenate(self._radius),
            np.concatenate(self._parent).astype(np.int64),
            np.concatenate(self._artery).astype(np.int64),
        )


def smooth_curve(control_mm: Points, step_mm: float) -> Points:
    """Pass a Catmull–Rom curve through the control points, sampled about every ``step_mm``."""
    p = np.asarray(control_mm, np.float64)
    padded = np.concatenate([2 * p[:1] - p[1:2], p, 2 * p[-1:] - p[-2:-1]])
    pieces = [p[:1]]
    for a, b, c, d in zip(padded[:-3], padded[1:-2], padded[2:-1], padded[3:], strict=True):
        count = max(1, int(np.ceil(np.linalg.norm(c - b) / step_mm)))
        t = (np.arange(1, count + 1) / count)[:, None]
        pieces.append(0.5 * (2 * b + (c - a) * t + (2 * a - 5 * b + 4 * c - d) * t**2 + (3 * b - a - 3 * c + d) * t**3))
    return np.concatenate(pieces)
