"""Other people's arteries from a given tree, and the arteries that look like an occlusion and are none.

Used by training and tests; each function takes a tree and gives a new one. A radius of 0 means that the artery is not
there. Must not block anything: that is ``occlusion``'s work.
"""

from __future__ import annotations

import enum
from collections.abc import Callable

import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray

from schemas.findings import Side
from triton_models.phantoms.occlusion import m1_path, mca_start
from triton_models.phantoms.paint import Beads
from triton_models.phantoms.tree import ArterialTree, Artery

_SIDES = (Side.LEFT, Side.RIGHT)
_OF_SIDE = {
    Side.LEFT: (Artery.ACA_LEFT, Artery.MCA_LEFT, Artery.PCA_LEFT),
    Side.RIGHT: (Artery.ACA_RIGHT, Artery.MCA_RIGHT, Artery.PCA_RIGHT),
}
# Carotids lie further from the midline than this, the basilar artery nearer (mm).
_CAROTID_X_MM = 7.0
_LIKELY = 0.5


class HardNegative(enum.StrEnum):
    """What looks like an occlusion to a careless reader."""

    HYPOPLASTIC = "hypoplastic segment"
    MISSING_LINK = "missing communicating artery"
    STENOSIS = "stenosis of 50-70 %"
    CALCIFICATION = "dense calcification"
    VENOUS = "venous phase"
    ROTATION = "asymmetrical rotation"


def grafted(tree: ArterialTree, donor: ArterialTree, side: Side) -> ArterialTree:
    """Replace carotid, middle and anterior cerebral artery of one side by another person's."""
    own, other = ~_anterior(tree, side), _anterior(donor, side)
    kept, taken = _kept(tree, own), _kept(donor, other)
    links = np.where(taken.parent >= 0, taken.parent + len(kept.parent), -1)
    return ArterialTree(
        np.concatenate([kept.points_mm, taken.points_mm]),
        np.concatenate([kept.radius_mm, taken.radius_mm]),
        np.concatenate([kept.parent, links]),
        np.concatenate([kept.artery, taken.artery]),
    )


def _anterior(tree: ArterialTree, side: Side) -> NDArray[np.bool_]:
    lateral = tree.points_mm[:, 0] * (1.0 if side is Side.LEFT else -1.0)
    carotid = (tree.artery == int(Artery.TRUNK)) & (lateral > _CAROTID_X_MM)
    return np.asarray(carotid | np.isin(tree.artery, [int(a) for a in _OF_SIDE[side][:2]]))


def _kept(tree: ArterialTree, keep: NDArray[np.bool_]) -> ArterialTree:
    new = np.cumsum(keep) - 1
    above = tree.parent[keep]
    links = np.where((above >= 0) & keep[above], new[above], -1)
    return ArterialTree(tree.points_mm[keep], tree.radius_mm[keep], links, tree.artery[keep])


def reshaped(tree: ArterialTree, rng: Generator) -> ArterialTree:
    """Other proportions, either handedness, and a smooth warp that differs between the sides."""
    matrix = np.diag(rng.normal(1.0, 0.06, 3)) + rng.normal(0, 0.03, (3, 3))
    moved = (tree.mirrored() if rng.random() < _LIKELY else tree).warped(matrix)
    points, shift = moved.points_mm, np.zeros_like(moved.points_mm)
    for _ in range(5):
        wave = rng.normal(0, 1, 3)
        wave *= 2 * np.pi / rng.uniform(35, 120) / np.linalg.norm(wave)
        shift += np.sin(points @ wave + rng.uniform(0, 2 * np.pi))[:, None] * rng.normal(0, 1.0, 3)
    return ArterialTree(points + shift, moved.radius_mm, moved.parent, moved.artery)


def recalibrated(tree: ArterialTree, rng: Generator) -> ArterialTree:
    """Other calibres: of the whole tree, of each artery, smaller to smaller; and twigs too thin to see left out."""
    radius = tree.radius_mm * rng.uniform(0.85, 1.45)
    for artery in Artery:
        radius = np.where(tree.artery == int(artery), radius * rng.normal(1.0, 0.08), radius)
    radius = radius ** rng.uniform(0.8, 1.2)
    if rng.random() < _LIKELY:
        radius = np.where(radius < rng.uniform(0.3, 0.6) * 1.3, 0.0, radius)
    return _resized(tree, np.minimum(radius, 2.9))


def shortened_below(tree: ArterialTree, lowest_mm: float) -> ArterialTree:
    """Leave out what lies below a height, as measured trees do that end at the skull base."""
    return _resized(tree, np.where(tree.points_mm[:, 2] < lowest_mm, 0.0, tree.radius_mm))


def hypoplastic(tree: ArterialTree, rng: Generator) -> ArterialTree:
    """Make A1, P1, a vertebral artery's length of the basilar, or one whole M1 thin, but let all of it fill."""
    side = _SIDES[int(rng.integers(2))]
    factor = rng.uniform(0.4, 0.65)
    kind = int(rng.integers(4))
    if kind == 0:
        thin = _first_stretch(tree, _OF_SIDE[side][0], rng.uniform(10, 18))
    elif kind == 1:
        thin = _first_stretch(tree, _OF_SIDE[side][2], rng.uniform(6, 12))
    elif kind == 2:  # the third of four kinds
        thin = (tree.artery == int(Artery.TRUNK)) & (np.abs(tree.points_mm[:, 0]) < _CAROTID_X_MM)
        factor = rng.uniform(0.55, 0.75)
    else:
        thin = tree.artery == int(_OF_SIDE[side][1])
        factor = rng.uniform(0.65, 0.85)
    return _resized(tree, np.where(thin, tree.radius_mm * factor, tree.radius_mm))


def without_link(tree: ArterialTree, rng: Generator) -> ArterialTree:
    """Leave out the A1 or the P1 of one side: the artery beyond is fed by a communicating artery."""
    side = _SIDES[int(rng.integers(2))]
    artery, length = ((_OF_SIDE[side][0], rng.uniform(8, 16)), (_OF_SIDE[side][2], rng.uniform(4, 9)))[rng.integers(2)]
    gone = _first_stretch(tree, artery, length)
    return _resized(tree, np.where(gone, 0.0, tree.radius_mm))


def stenosed(tree: ArterialTree, rng: Generator) -> ArterialTree:
    """Narrow the carotid end, the M1, an M2 or the basilar artery by 50–70 % over a few millimetres."""
    at = tree.points_mm[_culprit(tree, rng)]
    distance = np.linalg.norm(tree.points_mm - at, axis=1)
    half = rng.uniform(1.5, 4.0)
    depth = rng.uniform(0.5, 0.7) * np.clip(1.4 * (1.0 - (distance / half) ** 2), 0.0, 1.0)
    return _resized(tree, tree.radius_mm * np.where(distance < half, 1.0 - depth, 1.0))


def calcifications(tree: ArterialTree, rng: Generator) -> Beads:
    """Plaques in the walls of carotids, M1 or basilar artery: dense beads beside the lumen."""
    picked = [_culprit(tree, rng) for _ in range(int(rng.integers(1, 5)))]
    centres, radii, values = [], [], []
    for point in picked:
        count = int(rng.integers(3, 12))
        away = rng.normal(0, 1, (count, 3))
        away *= (tree.radius_mm[point] / np.linalg.norm(away, axis=1))[:, None]
        centres.append(tree.points_mm[point] + away + rng.normal(0, 1.0, (count, 3)) * [0.4, 0.4, 1.0])
        radii.append(rng.uniform(0.4, 1.1, count))
        values.append(rng.uniform(400, 1300, count))
    return Beads(np.concatenate(centres), np.concatenate(radii), np.concatenate(values))


def _culprit(tree: ArterialTree, rng: Generator) -> int:
    """A point of the carotid end, the M1, an M2 or the basilar artery."""
    mca = mca_start(tree, _SIDES[int(rng.integers(2))])
    path = m1_path(tree, mca)
    near_carotid = np.linalg.norm(tree.points_mm - tree.points_mm[mca], axis=1) < 12.0  # mm
    trunk = tree.artery == int(Artery.TRUNK)
    beyond = tree.depth_below(path[-1])
    choices = (
        np.flatnonzero(trunk & near_carotid),
        np.asarray(path),
        np.asarray(path),
        np.flatnonzero((beyond > 1.0) & (beyond < 12.0) & (tree.artery == tree.artery[mca])),  # mm
        np.flatnonzero(trunk & (np.abs(tree.points_mm[:, 0]) < _CAROTID_X_MM) & (tree.points_mm[:, 2] > -35.0)),  # mm
    )
    found = choices[int(rng.integers(len(choices)))]
    return int(rng.choice(found)) if found.size else int(rng.choice(path))


def _first_stretch(tree: ArterialTree, artery: Artery, length_mm: float) -> NDArray[np.bool_]:
    start = tree.start_of(artery)
    depth = tree.depth_below(start)
    return np.asarray((depth <= length_mm) & (tree.artery == int(artery)))


def _resized(tree: ArterialTree, radius_mm: NDArray[np.float64]) -> ArterialTree:
    return ArterialTree(tree.points_mm, np.asarray(radius_mm, np.float64), tree.parent, tree.artery)


TREE_VARIANTS: dict[HardNegative, Callable[[ArterialTree, Generator], ArterialTree]] = {
    HardNegative.HYPOPLASTIC: hypoplastic,
    HardNegative.MISSING_LINK: without_link,
    HardNegative.STENOSIS: stenosed,
}
