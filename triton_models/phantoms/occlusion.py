"""Blocks an artery of a tree: which points hold clot, how much contrast reaches the rest, and where the clot is.

Used by ``head``. The truth of every LVO phantom is made here.
"""

from __future__ import annotations

import enum
from dataclasses import dataclass

import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray

from schemas.findings import Side
from triton_models.phantoms.tree import ArterialTree, Artery


class Segment(enum.StrEnum):
    """Where an artery can be blocked."""

    ICA_T = "ICA-T"
    M1 = "M1"
    M2 = "M2"
    BASILAR = "basilar"


@dataclass(frozen=True, slots=True)
class Occlusion:
    """What to block. ``collateral`` is how much contrast comes back beyond the clot (0..1)."""

    segment: Segment
    side: Side
    length_mm: float = 10.0
    collateral: float = 0.4


@dataclass(frozen=True, slots=True)
class Blocked:
    """The effect on a tree.

    Attributes:
        filling: (n,) share of the arterial contrast at each point, 0..1.
        clot: (n,) where the lumen holds clot.
        site_mm: x, y, z of the proximal end of the clot, where contrast stops.
    """

    filling: NDArray[np.float64]
    clot: NDArray[np.bool_]
    site_mm: NDArray[np.float64]


_MCA = {Side.LEFT: Artery.MCA_LEFT, Side.RIGHT: Artery.MCA_RIGHT}
_ACA = {Side.LEFT: Artery.ACA_LEFT, Side.RIGHT: Artery.ACA_RIGHT}
# Contrast comes back over this distance beyond the clot, by the pial collaterals.
_RETURN_MM = 35.0
_MIN_DIVISION = 0.2
_ICA_STUMP_MM = 8.0
_BASILAR_REACH_MM = 9.0


def open_tree(tree: ArterialTree) -> Blocked:
    """Nothing is blocked."""
    n = len(tree.parent)
    return Blocked(np.ones(n), np.zeros(n, bool), np.zeros(3))


def block(tree: ArterialTree, occlusion: Occlusion, rng: Generator) -> Blocked:
    """Block the artery; ``rng`` chooses the exact place within the segment."""
    if occlusion.segment is Segment.BASILAR:
        return _block_basilar(tree, occlusion)
    mca = mca_start(tree, occlusion.side)
    if occlusion.segment is Segment.ICA_T:
        return _block_carotid_end(tree, occlusion, mca)
    start = _along_m1(tree, mca, rng) if occlusion.segment is Segment.M1 else _in_m2(tree, mca, rng)
    return _from(tree, occlusion, start)


def mca_start(tree: ArterialTree, side: Side) -> int:
    """First point of the middle cerebral artery of one side."""
    return int(np.flatnonzero(tree.artery == int(_MCA[side]))[0])


def m1_path(tree: ArterialTree, start: int) -> list[int]:
    """Points from the start of the middle cerebral artery to its main division."""
    sizes = tree.subtree_sizes()
    path = [start]
    while True:
        children = np.flatnonzero(tree.parent == path[-1])
        if children.size == 0:
            return path
        ordered = children[np.argsort(-sizes[children])]
        if children.size > 1 and sizes[ordered[1]] > _MIN_DIVISION * sizes[path[-1]]:
            return path
        path.append(int(ordered[0]))


def _along_m1(tree: ArterialTree, start: int, rng: Generator) -> int:
    path = m1_path(tree, start)
    return path[int(rng.uniform(0.1, 0.7) * (len(path) - 1))]


def _in_m2(tree: ArterialTree, start: int, rng: Generator) -> int:
    """A point 2–8 mm beyond the main division, in one of the two divisions."""
    division = m1_path(tree, start)[-1]
    sizes = tree.subtree_sizes()
    children = np.flatnonzero(tree.parent == division)
    first = int(rng.choice(children[np.argsort(-sizes[children])][:2])) if children.size else division
    depth = tree.depth_below(first)
    reach = rng.uniform(2.0, 8.0)
    near = np.flatnonzero(depth <= reach)
    return int(near[np.argmax(sizes[near] * (depth[near] >= min(reach, depth[near].max()) - 2.0))])


def _from(tree: ArterialTree, occlusion: Occlusion, start: int) -> Blocked:
    depth = tree.depth_below(start)
    clot = depth <= occlusion.length_mm
    beyond = np.isfinite(depth) & ~clot
    filling = np.ones(len(depth))
    back = np.clip((depth[beyond] - occlusion.length_mm) / _RETURN_MM, 0.0, 1.0)
    filling[beyond] = occlusion.collateral * back
    return Blocked(filling, clot, tree.points_mm[start].copy())


def _block_carotid_end(tree: ArterialTree, occlusion: Occlusion, mca: int) -> Blocked:
    end = tree.points_mm[mca]
    distance = np.linalg.norm(tree.points_mm - end, axis=1)
    side = np.isin(tree.artery, [0, int(_MCA[occlusion.side]), int(_ACA[occlusion.side])])
    result = _from(tree, occlusion, mca)
    clot = result.clot | (side & (distance <= _ICA_STUMP_MM))
    filling = result.filling.copy()
    # The first part of the anterior cerebral artery of that side is fed from the other side, faintly.
    aca = (tree.artery == int(_ACA[occlusion.side])) & ~clot
    filling[aca] = np.clip(0.5 + distance[aca] / 60.0, 0.0, 1.0)
    return Blocked(filling, clot, end.copy())


def _block_basilar(tree: ArterialTree, occlusion: Occlusion) -> Blocked:
    trunk = np.flatnonzero(tree.artery == 0)
    pcas = [int(np.flatnonzero(tree.artery == int(pca))[0]) for pca in (Artery.PCA_LEFT, Artery.PCA_RIGHT)]
    tip = np.mean([tree.points_mm[tree.parent[first]] for first in pcas], axis=0)
    wanted = tip + np.array([0.0, 3.0, -_BASILAR_REACH_MM])
    site = tree.points_mm[trunk[np.argmin(np.linalg.norm(tree.points_mm[trunk] - wanted, axis=1))]]
    distance = np.linalg.norm(tree.points_mm - site, axis=1)
    clot = (tree.artery == 0) & (distance <= max(occlusion.length_mm * 0.8, _BASILAR_REACH_MM))
    filling = np.ones(len(tree.parent))
    pca = np.isin(tree.artery, [int(Artery.PCA_LEFT), int(Artery.PCA_RIGHT)]) & ~clot
    near = np.linalg.norm(tree.points_mm[pca] - tip, axis=1)
    filling[pca] = occlusion.collateral + (1.0 - occlusion.collateral) * np.clip(near / _RETURN_MM, 0.0, 1.0)
    return Blocked(filling, clot, np.asarray(site).copy())
