"""Draws everything of a head that is not an artery: skin, skull, brain, ventricles, skull base, neck, veins."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray

from triton_models.phantoms.canvas import Canvas
from triton_models.phantoms.paint import Beads
from triton_models.phantoms.tree import ArterialTree, Points, smooth_curve

_SCALP_MM, _SKULL_MM, _TABLE_MM = 15.0, 9.5, 4.0
# Cortical branches lie on the surface of the brain; the measured trees reach nearly all of it.
_SMALLEST_BRAIN_MM = np.array([60.0, 74.0, 58.0])
# Above this height the arteries are those of the brain, not of the neck.
_CEREBRAL_MM = -20.0
_LARGEST_BRAIN_MM = np.array([73.0, 92.0, 74.0])


@dataclass(frozen=True, slots=True)
class Brain:
    """The ellipsoid that the head is built around (mm, relative to the carotid ends)."""

    centre_mm: NDArray[np.float64]
    semi_mm: NDArray[np.float64]

    @property
    def vertex_mm(self) -> float:
        """Height of the top of the scalp."""
        return float(self.centre_mm[2] + self.semi_mm[2] + _SCALP_MM)


def brain_of(tree: ArterialTree) -> Brain:
    """Fit the brain to the arteries that run over it."""
    low, high = np.percentile(tree.points_mm[tree.points_mm[:, 2] > _CEREBRAL_MM], [0.5, 99.5], axis=0)
    top = float(high[2]) + 2.0
    semi = np.array([(high[0] - low[0]) / 2 + 3.0, (high[1] - low[1]) / 2 + 3.0, (top + 44.0) / 2])
    semi = np.clip(semi, _SMALLEST_BRAIN_MM, _LARGEST_BRAIN_MM)
    centre = np.array([0.0, (high[1] + low[1]) / 2, top - semi[2]])
    return Brain(centre, semi)


def draw_head(canvas: Canvas, brain: Brain, rng: Generator) -> None:
    """Draw the head without its vessels."""
    _draw_soft_parts(canvas, brain)
    _draw_vault(canvas, brain, rng)
    _draw_base(canvas, brain, rng)


def _around(brain: Brain, extra_mm: float) -> tuple[float, float, float]:
    x, y, z = (float(v) + extra_mm for v in brain.semi_mm)
    return x, y, z


def _draw_soft_parts(canvas: Canvas, brain: Brain) -> None:
    x, y, z = (float(v) for v in brain.centre_mm)
    canvas.ellipsoid((0, y + 6, -115), (58, 60, 95), 35)
    canvas.ellipsoid((0, y - 14, -45), (66, 86, 72), 20)
    canvas.ellipsoid((x, y, z), _around(brain, _SCALP_MM), 10)


def _draw_vault(canvas: Canvas, brain: Brain, rng: Generator) -> None:
    x, y, z = (float(v) for v in brain.centre_mm)
    canvas.ellipsoid((x, y, z), _around(brain, _SKULL_MM), rng.uniform(1000, 1300))
    canvas.ellipsoid((x, y, z), _around(brain, _SKULL_MM - 2.0), 700)
    canvas.ellipsoid((x, y, z), _around(brain, _SKULL_MM - 3.5), 1100)
    canvas.ellipsoid((x, y, z), _around(brain, _TABLE_MM), 10)
    canvas.ellipsoid((x, y, z), _around(brain, 0.5), 37)
    inner = tuple(float(v) for v in brain.semi_mm - 14.0)
    canvas.ellipsoid((x, y, z), (inner[0], inner[1], inner[2]), 29)
    wide = rng.uniform(0.7, 1.3)
    for side in (1, -1):
        canvas.ellipsoid((side * 22, y - 12, z - 12), (11, 18, 14), 37)
        canvas.ellipsoid((side * 9, y - 5, z - 2), (5 * wide, 28, 9 * wide), 6, yaw=-12 * side)
        # Cistern of the Sylvian fissure, in which the middle cerebral artery runs.
        canvas.ellipsoid((side * 42, -4, 8), (12, 14, 7), 12)
    canvas.ellipsoid((0, -2, -2), (16, 12, 7), 8)


def _draw_base(canvas: Canvas, brain: Brain, rng: Generator) -> None:
    y = float(brain.centre_mm[1])
    canvas.ellipsoid((0, -8, -27), (17, 13, 8), 750)
    canvas.ellipsoid((0, -11, -28), (11, 8, 5), -900)
    canvas.ellipsoid((0, 8, -34), (12, 5, 16), 650)
    for side in (1, -1):
        canvas.ellipsoid((side * 38, 18, -32), (27, 9, 8), rng.uniform(1000, 1500), yaw=side * 35)
        canvas.ellipsoid((side * 58, 32, -36), (8, 8, 9), -500)
        canvas.ellipsoid((side * 20, -46, -20), (19, 20, 3), 700)
        canvas.ellipsoid((side * 37, -22, -15), (17, 5, 4), 750, yaw=-side * 15)
        canvas.ellipsoid((side * 24, y - 70, -50), (13, 14, 16), -930)
    canvas.ellipsoid((0, y - 72, -32), (11, 14, 10), -600)
    canvas.ellipsoid((0, y - 35, -95), (10, 10, 55), -980)
    canvas.ellipsoid((0, y + 14, -110), (13, 11, 75), 520)
    canvas.ellipsoid((0, y + 30, -110), (7, 7, 75), 40)


def veins(brain: Brain, rng: Generator, added_hu: float) -> list[tuple[Points, NDArray[np.float64], float]]:
    """List the dural sinuses and deep veins as (points, radii, added HU), uneven between the sides as in people."""
    centre, semi = brain.centre_mm, brain.semi_mm + 1.0
    angle = np.deg2rad(np.linspace(165, -5, 24))
    arc = np.stack([np.zeros(24), centre[1] + semi[1] * np.cos(angle), centre[2] + semi[2] * np.sin(angle)], axis=1)
    confluence = arc[-1]
    found = [_vein(arc, 2.5, 4.2, added_hu)]
    deep = np.array([[0, 12, 26], [0, centre[1] + 22, 22], confluence])
    found.append(_vein(deep, 1.2, 2.4, added_hu * 0.9))
    for side in (1, -1):
        size = rng.uniform(0.45, 1.15)
        course = np.array([confluence, [side * 42, centre[1] + 58, -6], [side * 56, centre[1] + 26, -12],
                           [side * 44, 24, -32], [side * 34, 20, -52], [side * 32, 20, -100]])  # fmt: skip
        found.append(_vein(course, 4.0 * size, 4.8 * size, added_hu))
        found.append(_vein(np.array([[side * 12, -16, -20], [side * 12, -2, -22]]), 3.2, 3.0, added_hu * 0.8))
        if rng.random() < 0.5:  # noqa: PLR2004 - a coin
            sylvian = np.array([[side * 30, -20, -4], [side * 44, -8, 2], [side * 56, 12, 22]])
            found.append(_vein(sylvian + rng.normal(0, 2, sylvian.shape), 0.8, 1.2, added_hu * 0.8))
    return found


def _vein(control: Points, first_mm: float, last_mm: float, hu: float) -> tuple[Points, NDArray[np.float64], float]:
    curve = smooth_curve(control, 1.2)
    return curve, np.linspace(first_mm, last_mm, len(curve)), hu


def vein_beads(found: list[tuple[Points, NDArray[np.float64], float]]) -> Beads:
    """Turn veins into beads in the anatomy's coordinates."""
    return Beads(
        np.concatenate([points for points, _, _ in found]),
        np.concatenate([radii for _, radii, _ in found]),
        np.concatenate([np.full(len(points), hu) for points, _, hu in found]),
    )
