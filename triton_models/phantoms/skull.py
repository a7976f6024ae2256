"""Draws everything of a head that is not an artery: skin, skull, brain, ventricles, skull base, neck, veins."""

from __future__ import annotations

from dataclasses import dataclass, field

import cv2
import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray

from triton_models.phantoms.canvas import Canvas, Vector
from triton_models.phantoms.paint import Beads
from triton_models.phantoms.tree import ArterialTree, Points, smooth_curve

# Cortical branches lie on the surface of the brain; the measured trees reach nearly all of it.
_SMALLEST_BRAIN_MM = np.array([60.0, 74.0, 58.0])
# Above this height the arteries are those of the brain, not of the neck.
_CEREBRAL_MM = -20.0
_BONE_FROM_HU = 300.0
_SOFT_HU = (0.0, 70.0)
_LARGEST_BRAIN_MM = np.array([73.0, 92.0, 74.0])


@dataclass(frozen=True, slots=True, kw_only=True)
class HeadStyle:
    """How a head is drawn; the default is one plain adult, ``random_style`` gives other people.

    Attributes:
        scalp_mm, skull_mm, table_mm: outer surface of scalp, skull and inner table beyond the brain's.
        bone_factor: density of all bone.
        diploe: whether the vault has a softer middle layer.
        base, orbits, neck: whether skull base, orbits and sinuses, and neck with spine are drawn.
        jitter_mm: how far parts of the base lie from where they usually lie.
        clinoids: how many bits of bone lie beside the carotid ends.
        tissue_hu: density of the brain, added.
        texture_hu: how uneven the brain is.
        sinuses, deep_veins: whether dural sinuses and deep veins fill.
        rubble: how many pieces of bone and air the skull base holds besides.
        cortical_veins: how many veins run over each half of the brain.
        offset_mm: how far the skull lies from where its arteries would have it (x, y, z).
        skull_yaw_deg: how far it is turned against them.
    """

    scalp_mm: float = 15.0
    skull_mm: float = 9.5
    table_mm: float = 4.0
    bone_factor: float = 1.0
    diploe: bool = True
    base: bool = True
    orbits: bool = True
    neck: bool = True
    jitter_mm: float = 0.0
    clinoids: int = 0
    tissue_hu: float = 0.0
    texture_hu: float = 0.0
    sinuses: bool = True
    deep_veins: bool = True
    cortical_veins: int = 0
    rubble: int = 0
    offset_mm: tuple[float, float, float] = (0.0, 0.0, 0.0)
    skull_yaw_deg: float = 0.0


def random_style(rng: Generator) -> HeadStyle:
    """Draw another head: thick or thin bone, with or without its base, empty or full veins."""
    table = float(rng.uniform(1.0, 6.0))
    skull = table + float(rng.uniform(3.5, 9.0))
    return HeadStyle(
        scalp_mm=skull + float(rng.uniform(0.5, 9.0)),
        skull_mm=skull,
        table_mm=table,
        bone_factor=float(rng.uniform(0.7, 1.35)),
        diploe=bool(rng.random() < 0.6),  # shares of heads
        base=bool(rng.random() < 0.85),
        orbits=bool(rng.random() < 0.8),
        neck=bool(rng.random() < 0.75),
        jitter_mm=float(rng.uniform(0.5, 4.0)),
        clinoids=int(rng.integers(0, 7)),
        tissue_hu=float(rng.normal(0, 4)),
        texture_hu=float(rng.uniform(0, 8)),
        sinuses=bool(rng.random() < 0.85),
        deep_veins=bool(rng.random() < 0.7),
        cortical_veins=int(rng.integers(0, 9)),
        rubble=int(rng.integers(0, 60)) if rng.random() < 0.6 else 0,
        offset_mm=(float(rng.normal(0, 1.5)), float(rng.normal(0, 3)), float(rng.normal(0, 4))),
        skull_yaw_deg=float(rng.normal(0, 2)),
    )


@dataclass(frozen=True, slots=True)
class Brain:
    """The ellipsoid that the head is built around (mm, relative to the carotid ends)."""

    centre_mm: NDArray[np.float64]
    semi_mm: NDArray[np.float64]
    style: HeadStyle = field(default_factory=HeadStyle)

    @property
    def vertex_mm(self) -> float:
        """Height of the top of the scalp."""
        return float(self.centre_mm[2] + self.semi_mm[2] + self.style.scalp_mm)


def brain_of(tree: ArterialTree, style: HeadStyle | None = None) -> Brain:
    """Fit the brain to the arteries that run over it."""
    low, high = np.percentile(tree.points_mm[tree.points_mm[:, 2] > _CEREBRAL_MM], [0.5, 99.5], axis=0)
    top = float(high[2]) + 2.0
    semi = np.array([(high[0] - low[0]) / 2 + 3.0, (high[1] - low[1]) / 2 + 3.0, (top + 44.0) / 2])
    semi = np.clip(semi, _SMALLEST_BRAIN_MM, _LARGEST_BRAIN_MM)
    centre = np.array([0.0, (high[1] + low[1]) / 2, top - semi[2]])
    chosen = style or HeadStyle()
    return Brain(centre + np.array(chosen.offset_mm), semi, chosen)


def draw_head(canvas: Canvas, brain: Brain, rng: Generator) -> None:
    """Draw the head without its vessels."""
    pen = _Pen(canvas, rng, brain.style)
    _draw_soft_parts(pen, brain)
    _draw_vault(pen, brain, rng)
    if brain.style.base:
        _draw_base(pen, rng)
    if brain.style.orbits:
        _draw_orbits(pen, float(brain.centre_mm[1]))
    if brain.style.neck:
        _draw_spine(pen, float(brain.centre_mm[1]))
    _draw_rubble(pen, rng)
    _draw_clinoids(pen, rng)
    _roughen(canvas, rng, brain.style.texture_hu)


@dataclass(frozen=True, slots=True)
class _Pen:
    """Draws solids a little beside where they are asked for, with the density of this head's bone."""

    canvas: Canvas
    rng: Generator
    style: HeadStyle

    def solid(self, centre_mm: Vector, semi_mm: Vector, hu: float, *, yaw: float = 0.0) -> None:
        if hu > _BONE_FROM_HU:
            hu *= self.style.bone_factor
        self.canvas.ellipsoid(centre_mm, semi_mm, hu, yaw=yaw + self.style.skull_yaw_deg)

    def loose(self, centre_mm: Vector, semi_mm: Vector, hu: float, *, yaw: float = 0.0) -> None:
        if self.style.jitter_mm == 0.0:
            self.solid(centre_mm, semi_mm, hu, yaw=yaw)
            return
        x, y, z = np.array(centre_mm) + self.rng.normal(0, self.style.jitter_mm, 3)
        a, b, c = np.array(semi_mm) * self.rng.uniform(0.75, 1.25, 3)
        self.solid((x, y, z), (a, b, c), hu * float(self.rng.uniform(0.8, 1.2)), yaw=yaw)


def _draw_clinoids(pen: _Pen, rng: Generator) -> None:
    """Bits of bone beside the carotid ends, where they are taken for vessels."""
    for _ in range(pen.style.clinoids):
        side = 1.0 if rng.random() < 0.5 else -1.0  # a coin
        centre = (side * float(rng.uniform(5, 20)), float(rng.uniform(-16, 6)), float(rng.uniform(-16, -4)))
        a, b, c = (float(v) for v in rng.uniform(1.0, 4.5, 3))
        pen.solid(centre, (a, b, c), float(rng.uniform(400, 1200)))


def _draw_rubble(pen: _Pen, rng: Generator) -> None:
    """Thin plates, knobs and air cells, as a real skull base is full of."""
    for _ in range(pen.style.rubble):
        centre = (float(rng.normal(0, 26)), float(rng.uniform(-60, 45)), float(rng.uniform(-60, -13)))
        a, b, c = (float(v) for v in np.exp(rng.uniform(np.log(0.8), np.log(9.0), 3)))
        hu = float(rng.uniform(350, 1300)) if rng.random() < 0.65 else float(rng.uniform(-950, -200))
        pen.solid(centre, (a, b, c), hu, yaw=float(rng.uniform(-60, 60)))


def _roughen(canvas: Canvas, rng: Generator, texture_hu: float) -> None:
    """Make soft tissue uneven over centimetres."""
    if texture_hu == 0.0:
        return
    nz, ny, nx = canvas.hu.shape
    size = float(rng.uniform(4, 12))
    small = rng.normal(0, texture_hu, (max(int(nz / size), 2), max(int(ny / size), 2), max(int(nx / size), 2)))
    for z in range(nz):
        at = min(int(z / size), small.shape[0] - 1)
        plane = cv2.resize(small[at].astype(np.float32), (nx, ny), interpolation=cv2.INTER_CUBIC)
        soft = (canvas.hu[z] > _SOFT_HU[0]) & (canvas.hu[z] < _SOFT_HU[1])
        canvas.hu[z][soft] += plane[soft]


def _around(brain: Brain, extra_mm: float) -> tuple[float, float, float]:
    x, y, z = (float(v) + extra_mm for v in brain.semi_mm)
    return x, y, z


def _draw_soft_parts(pen: _Pen, brain: Brain) -> None:
    x, y, z = (float(v) for v in brain.centre_mm)
    if pen.style.neck:
        pen.solid((0, y + 6, -115), (58, 60, 95), 35)
    if pen.style.base:
        pen.solid((0, y - 14, -45), (66, 86, 72), 20)
    pen.solid((x, y, z), _around(brain, pen.style.scalp_mm), 10)


def _draw_vault(pen: _Pen, brain: Brain, rng: Generator) -> None:
    x, y, z = (float(v) for v in brain.centre_mm)
    style = pen.style
    pen.solid((x, y, z), _around(brain, style.skull_mm), rng.uniform(1000, 1300))
    if style.diploe:
        pen.solid((x, y, z), _around(brain, style.skull_mm - 2.0), 700)
        pen.solid((x, y, z), _around(brain, max(style.skull_mm - 3.5, style.table_mm + 0.7)), 1100)
    pen.solid((x, y, z), _around(brain, style.table_mm), 10)
    pen.solid((x, y, z), _around(brain, 0.5), 37 + style.tissue_hu)
    inner = tuple(float(v) for v in brain.semi_mm - 14.0)
    pen.solid((x, y, z), (inner[0], inner[1], inner[2]), 29 + style.tissue_hu)
    wide = rng.uniform(0.7, 1.3)
    for side in (1, -1):
        pen.loose((side * 22, y - 12, z - 12), (11, 18, 14), 37)
        pen.loose((side * 9, y - 5, z - 2), (5 * wide, 28, 9 * wide), 6, yaw=-12 * side)
        # Cistern of the Sylvian fissure, in which the middle cerebral artery runs.
        pen.loose((side * 42, -4, 8), (12, 14, 7), 12)
    pen.loose((0, -2, -2), (16, 12, 7), 8)


def _draw_base(pen: _Pen, rng: Generator) -> None:
    pen.loose((0, -8, -27), (17, 13, 8), 750)
    pen.loose((0, -11, -28), (11, 8, 5), -900)
    pen.loose((0, 8, -34), (12, 5, 16), 650)
    for side in (1, -1):
        pen.loose((side * 38, 18, -32), (27, 9, 8), rng.uniform(1000, 1500), yaw=side * 35)
        pen.loose((side * 58, 32, -36), (8, 8, 9), -500)
        pen.loose((side * 20, -46, -20), (19, 20, 3), 700)
        pen.loose((side * 37, -22, -15), (17, 5, 4), 750, yaw=-side * 15)


def _draw_orbits(pen: _Pen, y: float) -> None:
    for side in (1, -1):
        pen.loose((side * 24, y - 70, -50), (13, 14, 16), -930)
    pen.loose((0, y - 72, -32), (11, 14, 10), -600)


def _draw_spine(pen: _Pen, y: float) -> None:
    pen.loose((0, y - 35, -95), (10, 10, 55), -980)
    pen.loose((0, y + 14, -110), (13, 11, 75), 520)
    pen.loose((0, y + 30, -110), (7, 7, 75), 40)


def veins(brain: Brain, rng: Generator, added_hu: float) -> list[tuple[Points, NDArray[np.float64], float]]:
    """List the dural sinuses and deep veins as (points, radii, added HU), uneven between the sides as in people."""
    centre, semi = brain.centre_mm, brain.semi_mm + 1.0
    angle = np.deg2rad(np.linspace(165, -5, 24))
    arc = np.stack([np.zeros(24), centre[1] + semi[1] * np.cos(angle), centre[2] + semi[2] * np.sin(angle)], axis=1)
    confluence = arc[-1]
    style = brain.style
    found: list[tuple[Points, NDArray[np.float64], float]] = []
    if style.sinuses:
        found.append(_vein(arc, 2.5, 4.2, added_hu))
    if style.deep_veins:
        deep = np.array([[0, 12, 26], [0, centre[1] + 22, 22], confluence])
        found.append(_vein(deep, 1.2, 2.4, added_hu * 0.9))
    for side in (1, -1):
        size = rng.uniform(0.45, 1.15)
        course = np.array([confluence, [side * 42, centre[1] + 58, -6], [side * 56, centre[1] + 26, -12],
                           [side * 44, 24, -32], [side * 34, 20, -52], [side * 32, 20, -100]])  # fmt: skip
        if style.sinuses:
            found.append(_vein(course, 4.0 * size, 4.8 * size, added_hu))
            found.append(_vein(np.array([[side * 12, -16, -20], [side * 12, -2, -22]]), 3.2, 3.0, added_hu * 0.8))
        if rng.random() < 0.5:  # a coin
            sylvian = np.array([[side * 30, -20, -4], [side * 44, -8, 2], [side * 56, 12, 22]])
            found.append(_vein(sylvian + rng.normal(0, 2, sylvian.shape), 0.8, 1.2, added_hu * 0.8))
        if style.deep_veins and style.jitter_mm > 0.0:
            basal = np.array([[side * 9, -2, -1], [side * 17, 9, 2], [side * 13, 24, 9], [0, 36, 18]])
            size = rng.uniform(0.5, 1.1)
            found.append(_vein(basal + rng.normal(0, 1.5, basal.shape), size, 1.2 * size, added_hu * 0.85))
        found.extend(_cortical_veins(brain, rng, side, added_hu))
    return found


def _cortical_veins(
    brain: Brain, rng: Generator, side: int, added_hu: float
) -> list[tuple[Points, NDArray[np.float64], float]]:
    """Veins that climb over the brain from the side to the upper sinus."""
    found = []
    for _ in range(brain.style.cortical_veins):
        front, low = rng.uniform(-0.8, 0.8), rng.uniform(-0.4, 0.4)
        angle = np.linspace(low, np.pi / 2 - 0.1, 6) + rng.normal(0, 0.06, 6)
        width = np.sqrt(1 - front**2)
        course = np.stack([side * width * np.cos(angle), np.full(6, front), width * np.sin(angle)], axis=1)
        points = brain.centre_mm + course * (brain.semi_mm + rng.uniform(-2.0, 1.0))
        size = rng.uniform(0.4, 1.2)
        found.append(_vein(points, size, 1.3 * size, added_hu * rng.uniform(0.6, 1.0)))
    return found


def _vein(control: Points, first_mm: float, last_mm: float, hu: float) -> tuple[Points, NDArray[np.float64], float]:
    curve = smooth_curve(control, 1.2)
    return curve, np.linspace(first_mm, last_mm, len(curve)), hu


def vein_beads(found: list[tuple[Points, NDArray[np.float64], float]]) -> Beads:
    """Turn veins into beads in the anatomy's coordinates."""
    if not found:
        return Beads(np.zeros((0, 3)), np.zeros(0), np.zeros(0))
    return Beads(
        np.concatenate([points for points, _, _ in found]),
        np.concatenate([radii for _, radii, _ in found]),
        np.concatenate([np.full(len(points), hu) for points, _, hu in found]),
    )
