"""Draws a circle of Willis and the arteries of the brain from a seed, so that a fresh machine needs no data.

Typical lengths, calibres and courses of adult anatomy with random variation; no measured tree is used here.
"""

from __future__ import annotations

import numpy as np
from numpy.random import Generator

from triton_models.phantoms.tree import ArterialTree, Artery, Points, TreeBuilder

# Brain ellipsoid that the cortical branches follow, relative to the carotid ends (mm, LPS).
BRAIN_CENTRE_MM = np.array([0.0, 14.0, 26.0])
BRAIN_SEMI_MM = np.array([66.0, 83.0, 66.0])

_MCA = {1: Artery.MCA_LEFT, -1: Artery.MCA_RIGHT}
_ACA = {1: Artery.ACA_LEFT, -1: Artery.ACA_RIGHT}
_PCA = {1: Artery.PCA_LEFT, -1: Artery.PCA_RIGHT}


def draw_tree(seed: int) -> ArterialTree:
    """Draw one patient's arteries; the same seed gives the same tree."""
    rng = np.random.default_rng([seed, 71])
    tree = TreeBuilder()
    scale = rng.normal(1.0, 0.04)
    for side in (1, -1):
        _anterior(tree, rng, side, scale)
    _posterior(tree, rng, scale)
    return tree.build()


def _jitter(rng: Generator, control: list[tuple[float, float, float]], side: int, sd_mm: float = 1.3) -> Points:
    points = np.array(control, np.float64)
    points[1:] += rng.normal(0.0, sd_mm, points[1:].shape)
    return points * [side, 1.0, 1.0]


def _chain(start: Points, rest: Points) -> Points:
    return np.concatenate([start[None], rest])


def _anterior(tree: TreeBuilder, rng: Generator, side: int, scale: float) -> None:
    """Carotid, middle and anterior cerebral artery of one side."""
    carotid = _jitter(
        rng,
        [(26, 14, -85), (24, 12, -45), (20, 2, -32), (13, -5, -25), (13, -14, -17), (14, -8, -8), (11, -6, 0)],
        side,
        0.8,
    )
    ica = tree.branch(carotid, (2.4 * scale, 1.7 * scale), Artery.TRUNK)
    end = carotid[-1]
    _middle(tree, rng, side=side, start=end, parent=ica[-1], calibre=rng.normal(1.35, 0.1) * scale)
    a1 = _chain(end, _jitter(rng, [(8, -11, 3), (5, -15, 4), (2, -20, 5)], side, 0.8))
    first = tree.branch(a1, (1.1 * scale, 1.0 * scale), _ACA[side], parent=ica[-1])
    a2 = _chain(a1[-1], _jitter(rng, [(2, -34, 13), (2, -40, 30), (2, -24, 47), (2, 8, 55), (3, 38, 54)], side, 1.0))
    second = tree.branch(a2, (0.95 * scale, 0.5), _ACA[side], parent=first[-1])
    _cortical(tree, rng, stem=second, points=_points(a2, second), artery=_ACA[side], side=side, count=8)


def _middle(tree: TreeBuilder, rng: Generator, *, side: int, start: Points, parent: int, calibre: float) -> None:
    """M1, its two main divisions, and their cortical branches."""
    reach = rng.normal(20.0, 2.5)
    m1 = _chain(start, _jitter(rng, [(17, -8, 2), (11 + 0.6 * reach, -8, 3), (11 + reach, -5, 3)], side, 0.7))
    stem = tree.branch(m1, (calibre, 0.93 * calibre), _MCA[side], parent=parent)
    end = 11 + reach
    upper = [(end + 5, -6, 10), (end + 10, 0, 20), (end + 14, 12, 28), (end + 18, 28, 36)]
    lower = [(end + 5, 1, 2), (end + 11, 11, 8), (end + 17, 26, 14), (end + 22, 44, 18)]
    for course, share in ((upper, rng.normal(0.78, 0.06)), (lower, rng.normal(0.72, 0.06))):
        control = _chain(m1[-1], _jitter(rng, [(float(x), float(y), float(z)) for x, y, z in course], side, 1.8))
        division = tree.branch(control, (share * calibre, 0.5), _MCA[side], parent=stem[-1])
        _cortical(tree, rng, stem=division, points=_points(control, division), artery=_MCA[side], side=side, count=9)


def _posterior(tree: TreeBuilder, rng: Generator, scale: float) -> None:
    """Vertebral arteries, basilar artery, posterior cerebral and superior cerebellar arteries."""
    junction = np.array([rng.normal(0, 1.0), 22.0, -38.0])
    tip = np.array([rng.normal(0, 0.8), 14.0 + rng.normal(0, 1.5), -4.0])
    ends = []
    for side in (1, -1):
        lower = _jitter(rng, [(12, 34, -85), (11, 30, -60), (7, 26, -47)], side, 0.8)
        ends.append(tree.branch(np.concatenate([lower, junction[None]]), (1.6 * scale, 1.5), Artery.TRUNK))
    middle = junction + (tip - junction) * 0.5 + rng.normal(0, 1.2, 3)
    basilar = tree.branch(np.stack([junction, middle, tip]), (1.7 * scale, 1.5), Artery.TRUNK, parent=ends[0][-1])
    for side in (1, -1):
        course = [(8, 13, -2), (17, 21, 0), (22, 38, 6), (17, 62, 12), (10, 80, 16)]
        pca = _chain(tip, _jitter(rng, [(float(x), float(y), float(z)) for x, y, z in course], side, 1.4))
        stem = tree.branch(pca, (1.15 * scale, 0.5), _PCA[side], parent=basilar[-1])
        _cortical(tree, rng, stem=stem, points=_points(pca, stem), artery=_PCA[side], side=side, count=4)
        sca = _chain(tip - [0, -1, 4], _jitter(rng, [(9, 16, -8), (18, 30, -8), (20, 48, -10)], side, 1.4))
        tree.branch(sca, (0.7, 0.4), Artery.TRUNK, parent=basilar[-3])


def _points(control: Points, indices: range) -> Points:
    """Where along a control polygon each of a branch's points lies, near enough to start side branches."""
    along = np.linspace(0, len(control) - 1, len(indices))
    return np.stack([np.interp(along, np.arange(len(control)), control[:, axis]) for axis in range(3)], axis=1)


def _cortical(
    tree: TreeBuilder, rng: Generator, *, stem: range, points: Points, artery: Artery, side: int, count: int
) -> None:
    """Side branches that leave the stem, reach the surface of the brain and run along it."""
    starts = rng.integers(len(stem) // 3, len(stem), count)
    for at in starts:
        start = points[at]
        first = _on_surface(start + rng.normal(0, 14.0, 3) + [4.0 * side, 0.0, 8.0])
        second = _on_surface(first + rng.normal(0, 16.0, 3) + [0.0, 4.0, 6.0])
        control = np.stack([start, 0.5 * (start + first) + rng.normal(0, 2.0, 3), first, second])
        tree.branch(_kept_on_side(control, side), (rng.uniform(0.45, 0.75), 0.3), artery, parent=stem[at])


def _on_surface(point: Points) -> Points:
    """Pull a point to just under the surface of the brain."""
    away = (point - BRAIN_CENTRE_MM) / BRAIN_SEMI_MM
    return np.asarray(BRAIN_CENTRE_MM + BRAIN_SEMI_MM * 0.97 * away / max(float(np.linalg.norm(away)), 0.2))


def _kept_on_side(points: Points, side: int) -> Points:
    kept = points.copy()
    kept[:, 0] = side * np.maximum(side * kept[:, 0], 1.0)
    return kept
