"""Paints tubes of contrast into a volume with partial-volume edges, slab by slab so that memory stays small."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

_SLAB = 24


@dataclass(frozen=True, slots=True)
class Sampling:
    """The voxel grid of a phantom: slices, rows, columns, and their spacing in mm (z, y, x)."""

    shape_zyx: tuple[int, int, int]
    spacing_mm: tuple[float, float, float]


@dataclass(frozen=True, slots=True)
class Beads:
    """Overlapping balls that make up tubes: centres (LPS mm), radii and the HU they add at their core."""

    centres_mm: NDArray[np.float64]
    radius_mm: NDArray[np.float64]
    added_hu: NDArray[np.float64]

    def joined(self, other: Beads) -> Beads:
        """Put two sets together."""
        return Beads(
            np.concatenate([self.centres_mm, other.centres_mm]),
            np.concatenate([self.radius_mm, other.radius_mm]),
            np.concatenate([self.added_hu, other.added_hu]),
        )

    def only(self, keep: NDArray[np.bool_]) -> Beads:
        """Take a part of them."""
        return Beads(self.centres_mm[keep], self.radius_mm[keep], self.added_hu[keep])


def beads_between(start: Beads, end: Beads, step_mm: float) -> Beads:
    """String beads along straight pieces, at most ``step_mm`` or half a radius apart."""
    length = np.linalg.norm(end.centres_mm - start.centres_mm, axis=1)
    step = np.maximum(np.minimum(start.radius_mm, end.radius_mm) * 0.5, step_mm)
    counts = np.maximum(np.ceil(length / step).astype(int), 1)
    which = np.repeat(np.arange(len(counts)), counts)
    place = (np.arange(counts.sum()) - np.repeat(np.cumsum(counts) - counts, counts) + 1) / counts[which]

    def mix(a: NDArray[np.float64], b: NDArray[np.float64]) -> NDArray[np.float64]:
        weight = place[:, None] if a.ndim > 1 else place
        return np.asarray(a[which] * (1.0 - weight) + b[which] * weight)

    return Beads(
        mix(start.centres_mm, end.centres_mm),
        mix(start.radius_mm, end.radius_mm),
        mix(start.added_hu, end.added_hu),
    )


def paint_slabs(
    beads: Beads, sampling: Sampling, origin_lps_mm: tuple[float, float, float]
) -> Iterator[tuple[slice, NDArray[np.float32]]]:
    """Yield, slab by slab, the HU that the beads add (the largest wins where they overlap)."""
    spacing = np.array(sampling.spacing_mm)
    index = (beads.centres_mm[:, ::-1] - np.array(origin_lps_mm)[::-1]) / spacing
    nz, ny, nx = sampling.shape_zyx
    # Thinner than a voxel: keep the size of a voxel and lower the contrast by the share of its section.
    edge = float(np.cbrt(np.prod(spacing)))
    shown = np.maximum(beads.radius_mm, 0.55 * edge)
    added = beads.added_hu * (beads.radius_mm / shown) ** 2
    reach = (shown + 0.5 * edge)[:, None] / spacing
    for first in range(0, nz, _SLAB):
        last = min(first + _SLAB, nz)
        inside = (index[:, 0] + reach[:, 0] >= first) & (index[:, 0] - reach[:, 0] < last)
        buffer = np.zeros((last - first, ny, nx), np.float32)
        _paint(buffer, index[inside] - [first, 0, 0], shown[inside], added[inside], spacing)
        yield slice(first, last), buffer


def _paint(
    buffer: NDArray[np.float32],
    index: NDArray[np.float64],
    radius_mm: NDArray[np.float64],
    added_hu: NDArray[np.float64],
    spacing: NDArray[np.float64],
) -> None:
    """Stamp the beads, grouped by size so that each group is one array operation."""
    edge = float(np.cbrt(np.prod(spacing)))
    half = np.ceil((radius_mm[:, None] + 0.5 * edge) / spacing).astype(int)
    sizes, group = np.unique(half, axis=0, return_inverse=True)
    group = group.reshape(-1)
    flat = buffer.reshape(-1)
    for number, size in enumerate(sizes):
        members = np.flatnonzero(group == number)
        offsets = np.indices(2 * size + 1).reshape(3, -1).T - size
        for part in np.array_split(members, max(1, len(members) * len(offsets) // 2_000_000)):
            centre = np.rint(index[part]).astype(int)
            voxels = centre[:, None, :] + offsets
            away = np.linalg.norm((voxels - index[part][:, None, :]) * spacing, axis=2)
            share = np.clip((radius_mm[part][:, None] - away) / edge + 0.5, 0.0, 1.0)
            keep = (share > 0.0) & np.all((voxels >= 0) & (voxels < buffer.shape), axis=2)
            where = np.ravel_multi_index(tuple(voxels[keep].T), buffer.shape)
            np.maximum.at(flat, where, (share * added_hu[part][:, None])[keep].astype(np.float32))
