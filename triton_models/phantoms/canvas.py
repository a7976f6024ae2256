"""A coarse volume on which solids with soft edges are drawn, later enlarged to scanner resolution by ``scan``.

Drawing organs coarsely and enlarging them is what keeps a 400-slice phantom at a second or two.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from triton_models.phantoms.paint import Beads, Sampling, paint_slabs

Vector = tuple[float, float, float]


@dataclass(frozen=True, slots=True)
class Pose:
    """Turns the anatomy's own coordinates into LPS: first the turn, then the shift (mm)."""

    turn: NDArray[np.float64]
    shift_mm: NDArray[np.float64]

    @classmethod
    def from_degrees(
        cls, *, yaw: float = 0.0, roll: float = 0.0, pitch: float = 0.0, shift_mm: Vector = (0.0, 0.0, 0.0)
    ) -> Pose:
        """Turn about the left-to-right axis (pitch), the front-to-back axis (roll), then the long axis (yaw)."""
        a, b, c = np.deg2rad([yaw, roll, pitch])
        about_z = np.array([[np.cos(a), -np.sin(a), 0], [np.sin(a), np.cos(a), 0], [0, 0, 1]])
        about_y = np.array([[np.cos(b), 0, np.sin(b)], [0, 1, 0], [-np.sin(b), 0, np.cos(b)]])
        about_x = np.array([[1, 0, 0], [0, np.cos(c), -np.sin(c)], [0, np.sin(c), np.cos(c)]])
        return cls(about_z @ about_y @ about_x, np.asarray(shift_mm, np.float64))

    def place(self, points_mm: NDArray[np.float64]) -> NDArray[np.float64]:
        """Move points (n, 3) of the anatomy to where the patient lies."""
        return np.asarray(points_mm @ self.turn.T + self.shift_mm)


class Canvas:
    """Values in HU on a regular grid, axes z,y,x (superior, posterior, left)."""

    def __init__(self, sampling: Sampling, origin_lps_mm: Vector, pose: Pose, *, fill_hu: float = -1000.0) -> None:
        self.sampling = sampling
        self.origin_lps_mm = origin_lps_mm
        self.hu: NDArray[np.float32] = np.full(sampling.shape_zyx, fill_hu, np.float32)
        self._pose = pose
        oz, oy, ox = origin_lps_mm[2], origin_lps_mm[1], origin_lps_mm[0]
        self._axes = tuple(
            o + s * np.arange(n) for o, s, n in zip((oz, oy, ox), sampling.spacing_mm, sampling.shape_zyx, strict=True)
        )
        self._edge_mm = float(np.mean(sampling.spacing_mm))

    def ellipsoid(self, centre_mm: Vector, semi_mm: Vector, hu: float, *, yaw: float = 0.0) -> None:
        """Draw a solid ellipsoid, in the anatomy's coordinates (x, y, z), turned by ``yaw`` degrees about z."""
        local = Pose.from_degrees(yaw=yaw).turn
        turn = self._pose.turn @ local
        centre = self._pose.place(np.array([centre_mm]))[0]
        extent = np.sqrt(((turn * np.array(semi_mm)) ** 2).sum(axis=1)) + self._edge_mm
        box = self._box(centre, extent)
        if box is None:
            return
        share = self._share(box, centre, turn, np.array(semi_mm, np.float64))
        part = self.hu[box]
        part += share * (hu - part)

    def tube(self, points_mm: NDArray[np.float64], radius_mm: NDArray[np.float64], hu: float) -> None:
        """Draw a tube through balls at ``points_mm`` of the anatomy."""
        share = self.tube_share(points_mm, radius_mm)
        self.hu += share * (hu - self.hu)

    def tube_share(self, points_mm: NDArray[np.float64], radius_mm: NDArray[np.float64]) -> NDArray[np.float32]:
        """Compute for each voxel which share of it lies in the tube."""
        share = np.zeros(self.sampling.shape_zyx, np.float32)
        for centre, radius in zip(self._pose.place(points_mm), radius_mm, strict=True):
            box = self._box(centre, np.full(3, radius + self._edge_mm))
            if box is None:
                continue
            ball = self._share(box, centre, np.eye(3), np.full(3, radius))
            np.maximum(share[box], ball, out=share[box])
        return share

    @property
    def edge_mm(self) -> float:
        """Width over which an edge is softened."""
        return self._edge_mm

    def places_near(
        self, points_mm: NDArray[np.float64], reach_mm: float
    ) -> tuple[tuple[slice, slice, slice], NDArray[np.float32]]:
        """The box of voxels around points of the anatomy, and where its voxels lie in the anatomy (m, 3: x, y, z)."""
        placed = self._pose.place(points_mm)
        low, high = placed.min(axis=0), placed.max(axis=0)
        box = self._box((low + high) / 2, (high - low) / 2 + reach_mm)
        if box is None:
            return (slice(0, 0),) * 3, np.zeros((0, 3), np.float32)
        z, y, x = (axis[cut] for axis, cut in zip(self._axes, box, strict=True))
        grid = np.stack(np.meshgrid(x, y, z, indexing="ij"), axis=-1).transpose(2, 1, 0, 3).reshape(-1, 3)
        return box, ((grid - self._pose.shift_mm) @ self._pose.turn).astype(np.float32)

    def beads(self, beads: Beads, hu: float) -> None:
        """Draw many small balls (already placed), all of one value."""
        for slab, share in paint_slabs(beads, self.sampling, self.origin_lps_mm):
            self.hu[slab] += share * (hu - self.hu[slab])

    def _box(self, centre: NDArray[np.float64], extent: NDArray[np.float64]) -> tuple[slice, slice, slice] | None:
        cut = []
        for axis, c, e in zip(self._axes, centre[::-1], extent[::-1], strict=True):
            low, high = int(np.searchsorted(axis, c - e)), int(np.searchsorted(axis, c + e))
            if high <= low:
                return None
            cut.append(slice(low, high))
        return cut[0], cut[1], cut[2]

    def _share(
        self, box: tuple[slice, slice, slice], centre: NDArray[np.float64], turn: NDArray[np.float64],
        semi: NDArray[np.float64],
    ) -> NDArray[np.float32]:  # fmt: skip
        z, y, x = (axis[cut] - c for axis, cut, c in zip(self._axes, box, centre[::-1], strict=True))
        squared = np.zeros((len(z), len(y), len(x)), np.float32)
        for column, axis in zip(turn.T, semi, strict=True):
            plane = (column[2] * z[:, None] + column[1] * y[None, :]) / axis
            squared += np.square(plane[:, :, None] + column[0] * x / axis, dtype=np.float32)
        inside = (1.0 - np.sqrt(squared)) * (float(semi.min()) / self._edge_mm) + 0.5
        return np.asarray(np.clip(inside, 0.0, 1.0), np.float32)


def coarse_sampling(sampling: Sampling, wanted_mm: float) -> Sampling:
    """Choose a grid of about ``wanted_mm`` that covers exactly the field of view of a scanner's grid."""
    extent = [n * s for n, s in zip(sampling.shape_zyx, sampling.spacing_mm, strict=True)]
    z, y, x = (max(2, round(e / wanted_mm)) for e in extent)
    return Sampling((z, y, x), (extent[0] / z, extent[1] / y, extent[2] / x))


def first_voxel(origin_lps_mm: Vector, fine: Sampling, coarse: Sampling) -> Vector:
    """Where the first coarse voxel's centre lies when both grids share their outer corner."""
    x, y, z = (
        o + (c - f) / 2.0 for o, c, f in zip(origin_lps_mm, coarse.spacing_mm[::-1], fine.spacing_mm[::-1], strict=True)
    )
    return x, y, z
