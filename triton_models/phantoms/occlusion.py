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
        calibre: (n,) factor of the radius: arteries beyond a clot are filled thinly.
    """

    filling: NDArray[np.float64]
    clot: NDArray[np.bool_]
    site_mm: NDArray[np.float64]
    calibre: NDArray[np.float64]


_MCA = {Side.LEFT: Artery.MCA_LEFT, Side.RIGHT: Artery.MCA_RIGHT}
_ACA = {Side.LEFT: Artery.ACA_LEFT, Side.RIGHT: Artery.ACA_RIGHT}
_PCAS = (Artery.PCA_LEFT, Artery.PCA_RIGHT)
# Contrast comes back over this distance beyond the clot, by the pial collaterals.
_RETURN_MM = (15.0, 45.0)
_MIN_DIVISION = 0.2
# A side branch that leaves within this length of the carotid end does not end the M1.
_EARLIEST_DIVISION_MM = 6.0
_LONGEST_M1_MM = 28.0
_ICA_STUMP_MM = (4.0, 14.0)
_BASILAR_MM = (9.0, 22.0)
_SMALLEST_DIVISION = 0.15
_M2_MM = (1.0, 10.0)
# A blocked M2 is a large vessel's occlusion when the lumen is 1.5 mm wide or more (about the calibre from which an M2
# is treated by thrombectomy), a quarter of the artery's lumen hangs on it and enough of that stays empty to be seen.
_LARGE_RADIUS_MM = 0.75
_LARGE_SHARE, _EMPTY_SHARE = 0.25, 0.15
# A blocked basilar artery must have been seen over this length.
_SEEN_BASILAR_MM, _SEEN_RADIUS_MM = 6.0, 0.6
_NEAR_SITE_MM = 3.0


def open_tree(tree: ArterialTree) -> Blocked:
    """Nothing is blocked."""
    n = len(tree.parent)
    return Blocked(np.ones(n), np.zeros(n, bool), np.zeros(3), np.ones(n))


def block(tree: ArterialTree, occlusion: Occlusion, rng: Generator) -> Blocked:
    """Block the artery; ``rng`` chooses the exact place within the segment and how contrast comes back."""
    if occlusion.segment is Segment.BASILAR:
        return _block_basilar(tree, occlusion, rng)
    mca = mca_start(tree, occlusion.side)
    if occlusion.segment is Segment.ICA_T:
        return _block_carotid_end(tree, occlusion, mca, rng)
    start = _along_m1(tree, mca, rng) if occlusion.segment is Segment.M1 else _in_m2(tree, mca, rng)
    return _from(tree, occlusion, start, rng)


def is_large(tree: ArterialTree, occlusion: Occlusion, blocked: Blocked) -> bool:
    """Whether a large vessel is blocked and its contrast missing.

    A clot in a twig, in an artery that does not show anyway, or one that collaterals hide is no large-vessel occlusion.
    """
    if occlusion.segment is Segment.BASILAR:
        seen = blocked.clot & (tree.radius_mm >= _SEEN_RADIUS_MM)
        height = tree.points_mm[seen, 2]
        return bool(height.size and np.ptp(height) >= _SEEN_BASILAR_MM)
    if occlusion.segment is not Segment.M2:
        return True
    near = np.linalg.norm(tree.points_mm - blocked.site_mm, axis=1) < _NEAR_SITE_MM
    lumen = _lumen_mm3(tree) * (tree.artery == int(_MCA[occlusion.side]))
    total, missing = max(float(lumen.sum()), 1e-9), np.where(blocked.clot, 1.0, 1.0 - blocked.filling)
    return (
        float(tree.radius_mm[near & blocked.clot].max(initial=0.0)) >= _LARGE_RADIUS_MM
        and float(lumen[missing > 0.0].sum()) >= _LARGE_SHARE * total
        and float((lumen * missing).sum()) >= _EMPTY_SHARE * total
    )


def _lumen_mm3(tree: ArterialTree) -> NDArray[np.float64]:
    """Volume of the piece between each point and its parent, but for a factor of pi."""
    above = np.maximum(tree.parent, 0)
    length = np.linalg.norm(tree.points_mm - tree.points_mm[above], axis=1) * (tree.parent >= 0)
    return np.asarray(length * tree.radius_mm**2)


def mca_start(tree: ArterialTree, side: Side) -> int:
    """First point of the middle cerebral artery of one side."""
    return tree.start_of(_MCA[side])


def m1_path(tree: ArterialTree, start: int) -> list[int]:
    """Points from the start of the middle cerebral artery to its main division.

    Only points of the artery itself count: in a measured tree the anterior cerebral artery hangs on the same point.
    """
    sizes = tree.sizes_within(Artery(int(tree.artery[start])))
    path, length = [start], 0.0
    while True:
        children = _own_children(tree, path[-1], sizes)
        if children.size == 0:
            return path
        divides = children.size > 1 and sizes[children[1]] > _MIN_DIVISION * sizes[path[-1]]
        if (divides and length >= _EARLIEST_DIVISION_MM) or length > _LONGEST_M1_MM:
            return path
        length += float(np.linalg.norm(tree.points_mm[children[0]] - tree.points_mm[path[-1]]))
        path.append(int(children[0]))


def _own_children(tree: ArterialTree, point: int, sizes: NDArray[np.int64]) -> NDArray[np.int64]:
    """Children of the same artery, the largest first."""
    children = np.flatnonzero((tree.parent == point) & (tree.artery == tree.artery[point]))
    return np.asarray(children[np.argsort(-sizes[children])])


def _along_m1(tree: ArterialTree, start: int, rng: Generator) -> int:
    path = m1_path(tree, start)
    return path[int(rng.uniform(0.05, 0.8) * (len(path) - 1))]


def _in_m2(tree: ArterialTree, start: int, rng: Generator) -> int:
    """A point 1–10 mm beyond the main division, in one of its large divisions."""
    sizes = tree.sizes_within(Artery(int(tree.artery[start])))
    division = m1_path(tree, start)[-1]
    children = _own_children(tree, division, sizes)[:2]
    large = [int(c) for c in children if sizes[c] > _SMALLEST_DIVISION * sizes[start]]
    at, left_mm = int(rng.choice(large)) if large else division, float(rng.uniform(*_M2_MM))
    while left_mm > 0.0:
        further = _own_children(tree, at, sizes)
        if further.size == 0:
            break
        left_mm -= float(np.linalg.norm(tree.points_mm[further[0]] - tree.points_mm[at]))
        at = int(further[0])
    return at


def _from(tree: ArterialTree, occlusion: Occlusion, start: int, rng: Generator) -> Blocked:
    depth = tree.depth_below(start)
    depth[tree.artery != tree.artery[start]] = np.inf
    clot = depth <= occlusion.length_mm
    beyond = np.isfinite(depth) & ~clot
    filling, calibre = np.ones(len(depth)), np.ones(len(depth))
    back = np.clip((depth[beyond] - occlusion.length_mm) / rng.uniform(*_RETURN_MM), 0.0, 1.0)
    filling[beyond] = occlusion.collateral * back
    calibre[beyond] = rng.uniform(0.6, 1.0)
    return Blocked(filling, clot, tree.points_mm[start].copy(), calibre)


def _block_carotid_end(tree: ArterialTree, occlusion: Occlusion, mca: int, rng: Generator) -> Blocked:
    """A clot in the T: carotid end, first millimetres of the M1 and of the A1."""
    end = tree.points_mm[mca]
    distance = np.linalg.norm(tree.points_mm - end, axis=1)
    own_side = tree.points_mm[:, 0] * (1.0 if occlusion.side is Side.LEFT else -1.0) > 0.0
    carotid = (tree.artery == int(Artery.TRUNK)) & own_side & (tree.points_mm[:, 2] < end[2] + 3.0)
    aca = tree.artery == int(_ACA[occlusion.side])
    result = _from(tree, occlusion, mca, rng)
    below = carotid & (distance <= rng.uniform(*_ICA_STUMP_MM))
    clot = result.clot | below | (aca & (distance <= rng.uniform(3.0, 8.0)))
    filling, calibre = result.filling.copy(), result.calibre.copy()
    # Blood stands in the carotid below the clot; the anterior cerebral artery is fed from the other side.
    filling[carotid & ~clot] = rng.uniform(0.2, 1.0)
    filling[aca & ~clot] = 1.0 - rng.uniform(0.0, 1.0) ** 2
    calibre[aca & ~clot] = rng.uniform(0.7, 1.0)
    return Blocked(filling, clot, end.copy(), calibre)


def _block_basilar(tree: ArterialTree, occlusion: Occlusion, rng: Generator) -> Blocked:
    """A clot in the upper or the middle third of the basilar artery; the posterior circulation lives on collaterals."""
    tip = _basilar_tip(tree)
    trunk = np.flatnonzero(
        (tree.artery == int(Artery.TRUNK)) & (np.abs(tree.points_mm[:, 0] - tip[0]) < 8.0)
    )  # mm beside the midline
    wanted = tip + np.array([0.0, 2.0, -rng.uniform(*_BASILAR_MM)])
    site = tree.points_mm[trunk[np.argmin(np.linalg.norm(tree.points_mm[trunk] - wanted, axis=1))]]
    height = tree.points_mm[:, 2]
    top = min(site[2] + max(occlusion.length_mm, _BASILAR_MM[0]), tip[2] + 2.0)
    middle = np.zeros(len(height), bool)
    middle[trunk] = True
    clot = middle & (height >= site[2]) & (height <= top)
    filling, calibre = np.ones(len(height)), np.ones(len(height))
    pca = np.isin(tree.artery, [int(a) for a in _PCAS]) & ~clot
    # Communicating arteries may fill the posterior cerebral arteries well, even though the basilar tip is blocked.
    fed = occlusion.collateral + (1.0 - occlusion.collateral) * rng.uniform(0.0, 0.8)
    near = np.linalg.norm(tree.points_mm[pca] - tip, axis=1)
    filling[pca] = fed * np.clip(near / rng.uniform(5.0, 30.0), 0.0, 1.0)
    calibre[pca] = rng.uniform(0.7, 1.0)
    filling[middle & (height > top)] = fed
    return Blocked(filling, clot, np.asarray(site).copy(), calibre)


def _basilar_tip(tree: ArterialTree) -> NDArray[np.float64]:
    """The highest point of the trunk near the midline, below which the basilar artery runs."""
    starts = [tree.points_mm[tree.start_of(pca)] for pca in _PCAS]
    wanted = np.mean(starts, axis=0)
    trunk = np.flatnonzero(
        (tree.artery == int(Artery.TRUNK)) & (np.abs(tree.points_mm[:, 0]) < 9.0)
    )  # mm beside the midline
    low = trunk[tree.points_mm[trunk, 2] <= wanted[2] + 4.0]
    chosen = low if low.size else trunk
    return np.asarray(tree.points_mm[chosen[np.argmin(np.linalg.norm(tree.points_mm[chosen] - wanted, axis=1))]])
