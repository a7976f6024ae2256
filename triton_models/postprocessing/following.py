"""Follows one vessel through the slices of a segmentation, and leaves out what only touches it.

In each slice the candidates are the connected areas, as they are and with more and more of their thin parts opened
away, so that a bowel loop or a vein that touches the vessel may be left out. The chain of candidates that changes
place and size most smoothly, over the most slices, is the vessel. Used by ``postprocessing.section``. Pure.
"""

from __future__ import annotations

import itertools
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

# Diameters of the discs that an area is opened with.
_DISCS_MM = (8.0, 12.0, 17.0, 24.0, 34.0)
_LEAST_AREA_MM2 = 60.0
_SAME_AREA = 0.97
# A chain may jump over so many slices (a gap in the segmentation), which is bridged, or over more, which is not.
_GAP, _LONG_GAP = 7, 50
_GAP_COST, _LONGEST_GAP_COST = 0.5, 10.0
# Leaving out part of an area costs this at most; a smooth chain is worth it, a rough one is not.
_CUT_COST = 0.5
# Free movement per mm of height (45 degrees), and how dear more of it is; the same for the radius.
_FREE_MOVE, _MOVE_SCALE = 1.0, 1.2
_FREE_GROWTH, _GROWTH_SCALE = 0.8, 0.8
_HIGHEST_COST = 8.0
# The fork: two areas below one, both of some size, that go on for some way.
_FORK_SHARE, _FORK_MM, _FORK_LOWEST_SHARE = 0.25, 14.0, 0.55
# Above its fork a vessel flares.
# Below a gap in a vessel of ordinary radius, what is narrower or aside is an iliac artery.
_SHORT_GAP, _ORDINARY_MM, _ASIDE_MM, _NARROWER, _WIDER = 2, 15.0, 14.0, 0.72, 1.3
_FORK_FLAT, _FLARE_MM = 0.62, 10.0

Mask = NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class _Area:
    """A candidate in one slice: middle (y, x) and radius of the circle of its size in mm, its worth, its voxels."""

    z: int
    middle: NDArray[np.float64]
    radius: float
    worth: float
    flatness: float
    mask: Mask


def follow(probability: NDArray[np.float32], inside: float, spacing_mm: float) -> Mask | None:
    """Keep the voxels of one vessel (axes z,y,x, cubic voxels), or None where there is none."""
    layers = [_candidates(plane, z, inside, spacing_mm) for z, plane in enumerate(probability)]
    chain = _best_chain(layers, spacing_mm)
    if not chain:
        return None
    body = np.zeros(probability.shape, bool)
    for area in _above_the_fork(chain, probability >= inside, spacing_mm):
        body[area.z] = area.mask
    return _bridged(body, probability >= inside)


def _candidates(plane: NDArray[np.float32], z: int, inside: float, spacing_mm: float) -> list[_Area]:
    mask = _filled((plane >= inside).astype(np.uint8))
    if not mask.any():
        return []
    found: list[_Area] = []
    _, whole = cv2.connectedComponents(mask, connectivity=4)
    sizes = np.bincount(whole.reshape(-1))
    for disc in _DISCS_MM:
        opened = cv2.morphologyEx(mask, cv2.MORPH_OPEN, _disc(disc, spacing_mm))
        if not opened.any():
            break
        count, labels = cv2.connectedComponents(opened, connectivity=4)
        for label in range(1, count):
            part = labels == label
            share = float(part.sum()) / float(sizes[whole[part][0]])
            area = _area(part, z, plane, share, spacing_mm)
            if area is not None and not any(_alike(area, other) for other in found):
                found.append(area)
    return found


def _filled(mask: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Fill what an area surrounds."""
    outlines, _ = cv2.findContours(mask, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE)
    return np.asarray(cv2.drawContours(mask, outlines, -1, 1, cv2.FILLED), np.uint8)


def _area(part: Mask, z: int, plane: NDArray[np.float32], share: float, spacing_mm: float) -> _Area | None:
    m = cv2.moments(part.astype(np.uint8), binaryImage=True)
    size = m["m00"] * spacing_mm**2
    if size < _LEAST_AREA_MM2:
        return None
    middle = np.array([m["m01"], m["m10"]]) / m["m00"] * spacing_mm
    spread = np.array([[m["mu02"], m["mu11"]], [m["mu11"], m["mu20"]]]) / m["m00"]
    low, high = np.linalg.eigvalsh(spread)
    worth = float(plane[part].mean()) - _CUT_COST * (1.0 - share)
    return _Area(z, middle, float(np.sqrt(size / np.pi)), worth, float(np.sqrt(max(low, 0) / high)), part)


def _alike(one: _Area, other: _Area) -> bool:
    small, large = sorted((one.radius**2, other.radius**2))
    return small > _SAME_AREA * large and float(np.abs(one.middle - other.middle).max()) < 2.0  # noqa: PLR2004 - mm


def _disc(diameter_mm: float, spacing_mm: float) -> NDArray[np.uint8]:
    size = 2 * round(diameter_mm / spacing_mm / 2) + 1
    return np.asarray(cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (size, size)), np.uint8)


def _best_chain(layers: list[list[_Area]], spacing_mm: float) -> list[_Area]:
    """Find the dearest chain by dynamic programming, from inferior to superior."""
    score: list[NDArray[np.float64]] = []
    back: list[list[tuple[int, int] | None]] = []
    best: tuple[float, int, int] = (0.0, -1, -1)
    for z, layer in enumerate(layers):
        score.append(np.array([area.worth for area in layer]))
        back.append([None] * len(layer))
        for below in range(max(z - _LONG_GAP, 0), z):
            _extend(layers, score, back, below, z, spacing_mm)
        if len(layer) and float(score[z].max()) > best[0]:
            best = (float(score[z].max()), z, int(score[z].argmax()))
    chain: list[_Area] = []
    at: tuple[int, int] | None = best[1:] if best[1] >= 0 else None
    while at is not None:
        chain.append(layers[at[0]][at[1]])
        at = back[at[0]][at[1]]
    return chain[::-1]


def _extend(
    layers: list[list[_Area]],
    score: list[NDArray[np.float64]],
    back: list[list[tuple[int, int] | None]],
    below: int,
    z: int,
    spacing_mm: float,
) -> None:
    """Let chains that end in slice ``below`` go on in slice ``z`` where that is better."""
    if not layers[below] or not layers[z]:
        return
    gap = min(_GAP_COST * (z - below - 1), _LONGEST_GAP_COST)
    cost = _step_cost(layers[below], layers[z], (z - below) * spacing_mm) + gap
    total = score[below][:, None] - cost
    for k, area in enumerate(layers[z]):
        j = int(total[:, k].argmax())
        if total[j, k] > 0 and total[j, k] + area.worth > score[z][k]:
            score[z][k] = total[j, k] + area.worth
            back[z][k] = (below, j)


def _step_cost(lower: list[_Area], upper: list[_Area], height_mm: float) -> NDArray[np.float64]:
    """Cost of going from each area of one slice to each of another: movement and growth beyond what is usual."""
    middles = [np.array([a.middle for a in layer]) for layer in (lower, upper)]
    radii = [np.array([a.radius for a in layer]) for layer in (lower, upper)]
    moved = np.linalg.norm(middles[0][:, None] - middles[1][None], axis=2) / height_mm
    grown = np.abs(radii[0][:, None] - radii[1][None]) / height_mm
    cost = _soft(np.maximum(moved - _FREE_MOVE, 0) / _MOVE_SCALE) + _soft(
        np.maximum(grown - _FREE_GROWTH, 0) / _GROWTH_SCALE
    )
    return np.asarray(np.minimum(cost, _HIGHEST_COST))


def _soft(value: NDArray[np.float64]) -> NDArray[np.float64]:
    """Square of a small value, straight beyond 1."""
    return np.where(value < 1.0, value**2, 2.0 * value - 1.0)


def _above_the_fork(chain: list[_Area], mask: Mask, spacing_mm: float) -> list[_Area]:
    """Leave out what lies below the place where the vessel forks, and the flat areas in which it is about to."""
    first = 0
    for number in range(int(len(chain) * _FORK_LOWEST_SHARE), 0, -1):
        if _leaves(chain[number - 1], chain[number], spacing_mm):
            first = number
            break
        if chain[number].radius < _ORDINARY_MM and _forks(chain[number], mask, spacing_mm):
            first = min(number + round(_FLARE_MM / spacing_mm), len(chain) - 1)
            break
    while first and first < len(chain) - 1 and chain[first].flatness < _FORK_FLAT:
        first += 1
    return chain[first:]


def _leaves(lower: _Area, upper: _Area, spacing_mm: float) -> bool:
    """What lies below a gap is another vessel: aside, or much narrower; what is much wider is the sac of this one."""
    if upper.z - lower.z <= _SHORT_GAP or lower.radius > _WIDER * upper.radius:
        return False
    aside = float(np.linalg.norm(upper.middle - lower.middle))
    height = (upper.z - lower.z) * spacing_mm
    return upper.radius < _ORDINARY_MM and (aside > max(_ASIDE_MM, height) or lower.radius < _NARROWER * upper.radius)


def _forks(area: _Area, mask: Mask, spacing_mm: float) -> bool:
    """A slice just below shows two areas under this one, and both go on for some way."""
    whole = _touching(area.mask, mask[area.z])
    for z in range(area.z - 1, max(area.z - _GAP, 0) - 1, -1):
        arms = [_descended(m, z, mask, spacing_mm) for m in _under(whole, mask[z])]
        if sum(arms) >= 2:  # noqa: PLR2004 - a fork has two arms
            return True
    return False


def _touching(part: Mask, plane: Mask) -> Mask:
    """The whole areas of a slice that a part of them stands for."""
    _, labels = cv2.connectedComponents(plane.astype(np.uint8), connectivity=4)
    return np.asarray(np.isin(labels, np.unique(labels[part & plane])) & plane)


def _under(above: Mask, plane: Mask) -> list[Mask]:
    count, labels = cv2.connectedComponents(plane.astype(np.uint8), connectivity=4)
    least = _FORK_SHARE * float(above.sum())
    wide = cv2.dilate(above.astype(np.uint8), np.ones((3, 3), np.uint8)).astype(bool)
    parts = [labels == k for k in range(1, count)]
    return [p for p in parts if p.sum() >= least and (p & wide).any()]


def _descended(arm: Mask, z: int, mask: Mask, spacing_mm: float) -> bool:
    """An arm is a vessel when it goes down for some way without growing wide."""
    size = float(arm.sum())
    for lower in range(z - 1, max(z - round(_FORK_MM / spacing_mm), 0) - 1, -1):
        parts = _under(arm, mask[lower])
        if not parts:
            return False
        arm = max(parts, key=lambda p: int((p & arm).sum()))
        if arm.sum() > 2.0 * size:
            return False
    return True


def _bridged(body: Mask, mask: Mask) -> Mask:
    """Fill jumped slices with what the slices beside them share, and with what was segmented within either."""
    filled = np.flatnonzero(body.any(axis=(1, 2)))
    for low, high in itertools.pairwise(filled):
        if high - low > _GAP:
            continue
        shared, either = body[low] & body[high], body[low] | body[high]
        for z in range(low + 1, high):
            body[z] = shared | (either & mask[z])
    return body
