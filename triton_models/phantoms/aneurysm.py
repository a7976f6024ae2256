"""Draws lots for an abdominal aorta: its course, outer wall, sac, lumen and thrombus, with the exact diameters.

Called by training, calibration and evaluation. Variety is the purpose: what must not matter is drawn at random.
z = 0 is the bifurcation, x grows to the patient's left, y to posterior.
"""

from __future__ import annotations

import enum
from dataclasses import dataclass

import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray

from triton_models.phantoms.vessel import ANGLES, Floats, Vessel, vessel_along
from triton_models.starshape import widths

STEP_MM = 2.0
HIATUS_MM = 190.0
# The renal arteries leave above this height; the diameter that guidelines speak of is measured below it.
RENAL_MM = 104.0
_LENGTH_MM = 430.0
# How far a course may go aside, and how tight its bends may become to keep to that.
_ASIDE_MM, _SHORTEST_BEND_MM = 58.0, 14.0
_THETA = 2 * np.pi * np.arange(ANGLES) / ANGLES


class Shape(enum.StrEnum):
    """What the wall does between the renal arteries and the bifurcation."""

    NORMAL = "normal"
    FUSIFORM = "fusiform"
    SACCULAR = "saccular"


@dataclass(frozen=True, slots=True)
class AneurysmParameters:
    """One aorta.

    Attributes:
        seed: same seed and settings, same aorta.
        shape: of the wall.
        diameter_mm: largest diameter square to the course, below the renal arteries; ignored when normal.
        base_mm: diameter of the healthy aorta below the renal arteries.
        obliquity_deg: steepest lean of the course near the widest place, as far as the radius allows it.
        thrombus: share of the widening that is thrombus (0..0.9).
    """

    seed: int
    shape: Shape = Shape.NORMAL
    diameter_mm: float = 0.0
    base_mm: float = 19.0
    obliquity_deg: float = 10.0
    thrombus: float = 0.3


@dataclass(frozen=True, slots=True)
class Aneurysm:
    """The outer vessel, and the lumen as a disc in each section.

    Attributes:
        vessel: course and outer wall.
        lumen_uv_mm: (n, 2) place of the lumen's middle in the section.
        lumen_mm: (n,) its radius.
        wall_mm: thickness of the wall.
        diameter_mm: largest diameter square to the course between the bifurcation and the renal arteries.
        widest: index of that section.
    """

    vessel: Vessel
    lumen_uv_mm: Floats
    lumen_mm: Floats
    wall_mm: float
    diameter_mm: float
    widest: int


def aneurysm_of(parameters: AneurysmParameters, *, spine_front_mm: float = 22.0) -> Aneurysm:
    """Lay one aorta in front of a spine."""
    rng = np.random.default_rng([parameters.seed, 41])
    s = np.arange(0.0, _LENGTH_MM, STEP_MM)
    middle = float(rng.uniform(28.0, 85.0))
    healthy, growth = _healthy(s, parameters.base_mm, rng), _growth(s, middle, parameters, rng)
    outer = _scaled(healthy, growth, parameters)
    points = _course(s, outer, middle, parameters.obliquity_deg, rng)
    rear = _rearmost(outer, spine_front_mm - float(rng.uniform(-1, 5)))
    points[:, 1] = np.clip(points[:, 1], rear - float(rng.uniform(3, 30)), rear)
    vessel = vessel_along(points, outer, STEP_MM)
    return _finished(vessel, healthy, parameters, rng)


def _healthy(s: Floats, base_mm: float, rng: Generator) -> Floats:
    """Radius (n, angles) of the aorta before it widened: a little oval, a little uneven, wider above."""
    level = np.interp(s, [0, 60, 110, 200, 430], [0.9, 0.98, 1.05, 1.15, 1.3]) ** float(rng.uniform(0.5, 1.3))
    uneven = _wander(s, float(rng.uniform(12, 40)), rng) * float(rng.uniform(0.0, 0.04))
    oval = float(rng.uniform(0.0, 0.07)) * np.cos(2 * (_THETA - rng.uniform(0, np.pi)))
    return np.asarray((base_mm / 2 * level * (1 + uneven))[:, None] * (1 + oval)[None, :])


def _growth(s: Floats, middle: float, parameters: AneurysmParameters, rng: Generator) -> Floats:
    """Where the wall widens (n, angles), 1 at the widest place."""
    if parameters.shape is Shape.SACCULAR:
        return _sac(s, middle, parameters.diameter_mm - parameters.base_mm, rng)
    below, above = rng.uniform(18, 60, 2) + (middle if rng.random() < 0.25 else 0.0) * np.array([1.0, 0.0])
    flat = float(rng.uniform(0.0, 0.6))
    away = np.where(s < middle, (middle - s) / below, (s - middle) / above)
    bump = 0.5 + 0.5 * np.cos(np.pi * np.clip((away - flat) / (1 - flat), 0.0, 1.0))
    bump = bump * (1 + float(rng.uniform(0, 0.12)) * _wander(s, 18.0, rng))
    two, three = rng.uniform(0, 0.14), rng.uniform(0, 0.05)
    around = 1 + two * np.cos(2 * (_THETA - rng.uniform(0, np.pi))) + three * np.cos(3 * (_THETA - rng.uniform(0, 2)))
    side = float(rng.uniform(0.0, 0.5)) * np.cos(_THETA - rng.uniform(0, 2 * np.pi))
    return np.asarray(bump[:, None] * (around + side)[None, :])


def _sac(s: Floats, middle: float, out_mm: float, rng: Generator) -> Floats:
    """A sac on one side, about as long as it stands out, on a vessel that may be a little wide all round."""
    length = max(10.0, out_mm * float(rng.uniform(0.38, 0.7)))
    width, facing = rng.uniform(0.7, 1.2), rng.uniform(0, 2 * np.pi)
    turn = np.angle(np.exp(1j * (_THETA - facing)))
    away = np.hypot((turn / width)[None, :], ((s - middle) / length)[:, None])
    lobe = np.exp(-0.5 * away**3)  # rounder than a Gaussian
    return np.asarray(lobe + float(rng.uniform(0, 0.15)) * np.exp(-0.5 * ((s - middle) / 30.0) ** 2)[:, None])


def _scaled(healthy: Floats, growth: Floats, parameters: AneurysmParameters) -> Floats:
    """Let the wall grow until its largest diameter is the wanted one."""
    if parameters.shape is Shape.NORMAL:
        return healthy
    low, high = 0.0, 120.0
    for _ in range(30):
        amount = (low + high) / 2
        found = _largest(healthy + amount * growth)[0]
        low, high = (amount, high) if found < parameters.diameter_mm else (low, amount)
    return np.asarray(healthy + low * growth)


def _largest(outer: Floats) -> tuple[float, int]:
    feret = widths(outer[: int(RENAL_MM / STEP_MM)]).max(axis=1)
    return float(feret.max()), int(feret.argmax())


def _course(s: Floats, outer: Floats, middle: float, obliquity_deg: float, rng: Generator) -> Floats:
    """Lay a course before the spine that leans most near the widest place.

    A long aorta has no other way than aside: it leaves the midline by some centimetres and comes back, and it passes
    the hiatus where every aorta does.
    """
    steepest, facing = np.deg2rad(obliquity_deg), rng.choice([0.0, np.pi]) + rng.normal(0, 0.4)
    lean = steepest * _leaning(s, middle, steepest, rng)
    aside = np.array([np.cos(facing), 0.7 * np.sin(facing)])
    sway = np.deg2rad(rng.uniform(0, 9)) * np.stack([_wander(s, 45.0, rng), _wander(s, 45.0, rng)], axis=1)
    slope = np.sin(lean)[:, None] * aside + sway * np.clip((s[-1] - s) / 100.0, 0.0, 1.0)[:, None]
    rise = np.sqrt(np.maximum(1.0 - (slope**2).sum(axis=1), 0.05)) * STEP_MM
    shift = np.cumsum(slope * STEP_MM, axis=0)
    z = np.concatenate([[0.0], np.cumsum(rise)[:-1]])
    fixed = (z > HIATUS_MM - 20.0) & (z < HIATUS_MM + 40.0)
    x = shift[:, 0] - shift[fixed, 0].mean() + rng.normal(6, 5)
    x = x + 0.25 * np.maximum(outer.mean(axis=1) - 12.0, 0.0)
    return np.stack([x, shift[:, 1] - shift[fixed, 1].mean(), z], axis=1)


def _leaning(s: Floats, middle: float, steepest: float, rng: Generator) -> Floats:
    """Lean along the course, -1..1: an S, or one step aside, partly undone above; no farther than ``_ASIDE_MM``."""
    place, share, back = middle + rng.uniform(-12, 12), float(rng.uniform(0.3, 0.9)), float(rng.uniform(60, 95))
    size, waves, phase = float(rng.uniform(20, 45)), bool(rng.random() < 0.5), rng.uniform(-0.5, 0.5)
    calm = np.clip((HIATUS_MM - s) / 50.0, 0.0, 1.0)
    while True:
        if waves:
            lean = np.cos(2 * np.pi * (s - middle) / (5.0 * size) + phase) * calm
        else:
            lean = np.exp(-0.5 * ((s - place) / size) ** 2) - share * np.exp(-0.5 * ((s - place - back) / size) ** 2)
            lean = lean * np.clip((HIATUS_MM + 30.0 - s) / 50.0, 0.0, 1.0)
        aside = np.cumsum(np.sin(steepest * lean)) * STEP_MM
        if float(np.ptp(aside)) < _ASIDE_MM or size < _SHORTEST_BEND_MM:
            return np.asarray(lean)
        size *= 0.9


def _rearmost(outer: Floats, front_mm: float) -> Floats:
    """How far back the course may lie so that the wall stays before the spine; smooth."""
    limit = front_mm - outer[:, ANGLES // 8 : 3 * ANGLES // 8].max(axis=1)
    kernel = np.ones(21) / 21.0
    return np.asarray(np.convolve(np.pad(limit, 10, mode="edge"), kernel, mode="valid"))


def _finished(vessel: Vessel, healthy: Floats, parameters: AneurysmParameters, rng: Generator) -> Aneurysm:
    outer, wall = vessel.outer_mm, float(rng.uniform(0.0, 2.2))
    s = np.arange(0.0, len(outer) * STEP_MM, STEP_MM)
    inner = outer.min(axis=1) - wall
    wide = np.maximum(outer.mean(axis=1) - healthy.mean(axis=1), 0.0)
    uneven = 1 + 0.25 * _wander(s, 25.0, rng)
    lumen = np.clip(outer.mean(axis=1) - wall - parameters.thrombus * wide * np.clip(uneven, 0.4, 1.5), 4.0, None)
    lumen = np.minimum(lumen, np.maximum(inner + (outer.mean(axis=1) - outer.min(axis=1)), 3.0))
    facing = rng.uniform(0, 2 * np.pi) + 0.5 * _wander(s, 60.0, rng)
    room = np.maximum(outer.mean(axis=1) - wall - lumen, 0.0) * float(rng.uniform(0, 1.0))
    uv = np.stack([np.cos(facing) * room, np.sin(facing) * room], axis=1)
    size, widest = _largest(outer)
    return Aneurysm(vessel, uv, lumen, wall, size, widest)


def _wander(s: Floats, scale_mm: float, rng: Generator) -> NDArray[np.float64]:
    """A smooth random function of unit spread along ``s``."""
    reach = int(4 * scale_mm / STEP_MM)
    white = rng.standard_normal(len(s) + 2 * reach)
    kernel = np.exp(-0.5 * (np.arange(-reach, reach + 1) * STEP_MM / scale_mm) ** 2)
    smooth = np.convolve(white, kernel / np.sqrt((kernel**2).sum()), mode="valid")
    return np.asarray(np.clip(smooth, -2.5, 2.5))
