"""A trunk around an aorta, drawn by lot: spine, organs, bowel, vessels, fat and what may bleed.

Called by training, calibration and evaluation of the aorta model. Sizes, places and grey values are wide on purpose,
so that nothing but the aorta itself tells where it is. z = 0 is the bifurcation; x to the left, y to posterior.
"""

from __future__ import annotations

import enum
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray

from triton_models.phantoms.aneurysm import HIATUS_MM, Aneurysm
from triton_models.phantoms.canvas import Canvas
from triton_models.phantoms.tree import Points, smooth_curve
from triton_models.phantoms.vessel import Nearness, Vessel, depth_mm, nearness

SPINE_FRONT_MM = 22.0
_MARGIN_MM, _WIDEST_ROOM_MM = 3.0, 12.0
# Share of trunks drawn without organs, and of enhanced ones whose spaces are filled with soft tissue instead of fat.
_BARE, _FILLED = 0.07, 0.06


class Phase(enum.StrEnum):
    """When the contrast medium was seen."""

    NONE = "none"
    ARTERIAL = "arterial"
    PORTAL = "portal"


@dataclass(frozen=True, slots=True)
class TorsoParameters:
    """What surrounds the aorta.

    Attributes:
        seed: same seed and settings, same trunk.
        phase: of the contrast medium.
        size: 1 is an average adult.
        lean: 0 is a patient with much fat between the organs, 1 one with hardly any.
        bleeding: a fresh haematoma beside the aorta.
    """

    seed: int
    phase: Phase = Phase.ARTERIAL
    size: float = 1.0
    lean: float = 0.3
    bleeding: bool = False


@dataclass(frozen=True, slots=True)
class Greys:
    """Grey values of one patient and phase in HU."""

    lumen: float
    venous: float
    thrombus: float
    wall: float
    muscle: float
    fat: float
    liver: float
    kidney: float


def greys_of(phase: Phase, rng: Generator) -> Greys:
    """Draw the grey values."""
    plain = float(rng.uniform(28, 55))
    lumen = {Phase.NONE: plain, Phase.ARTERIAL: rng.uniform(170, 520), Phase.PORTAL: rng.uniform(95, 200)}[phase]
    venous = {Phase.NONE: plain, Phase.ARTERIAL: rng.uniform(35, 170), Phase.PORTAL: rng.uniform(90, 190)}[phase]
    muscle = float(rng.uniform(35, 65))
    plus = 0.0 if phase is Phase.NONE else float(rng.uniform(5, 60))
    return Greys(
        lumen=float(lumen),
        venous=float(venous),
        thrombus=float(rng.uniform(22, 62)),
        wall=float(rng.uniform(30, 75)),
        muscle=muscle,
        fat=float(rng.uniform(-118, -75)),
        liver=float(rng.uniform(35, 68)) + plus,
        kidney=float(rng.uniform(24, 42)) + (2.5 * plus if phase is not Phase.NONE else 0.0),
    )


def draw_torso(canvas: Canvas, parameters: TorsoParameters, aorta: Aneurysm) -> NDArray[np.float32]:
    """Draw everything.

    Returns:
        Share of each voxel that lies inside the aorta's outer wall, axes z,y,x.
    """
    rng = np.random.default_rng([parameters.seed, 43])
    greys = greys_of(parameters.phase, rng)
    around = _around(canvas, aorta)
    _draw_trunk(canvas, parameters, greys, rng)
    if rng.random() >= _BARE:
        _draw_organs(canvas, parameters, greys, rng)
        _draw_bowel(canvas, parameters, greys, rng)
    _draw_room(canvas, around, parameters, greys, rng)
    _draw_spine(canvas, rng)
    _draw_crura(canvas, greys, rng)
    _draw_texture(canvas, rng)
    _draw_beside(canvas, parameters, greys, aorta, rng)
    _draw_branches(canvas, greys, aorta, rng)
    return _draw_aorta(canvas, greys, aorta, around, rng)


@dataclass(frozen=True, slots=True)
class _Around:
    """The voxels at and near the aorta, and how deep inside its outer wall each lies."""

    box: tuple[slice, slice, slice]
    near: Nearness
    depth_mm: NDArray[np.float32]


def _around(canvas: Canvas, aorta: Aneurysm) -> _Around:
    vessel = aorta.vessel
    box, places = canvas.places_near(vessel.points_mm, float(vessel.outer_mm.max()) + _WIDEST_ROOM_MM + _MARGIN_MM)
    near = nearness(vessel, places)
    return _Around(box, near, depth_mm(vessel, near))


def _draw_room(canvas: Canvas, around: _Around, parameters: TorsoParameters, greys: Greys, rng: Generator) -> None:
    """Lay fat around the aorta: organs and bowel make way for it, though in the lean they come to touch it."""
    usual = float(rng.uniform(0.5, 9.0)) * (1.25 - 0.75 * parameters.lean)
    turns, ups = np.linspace(0, 2 * np.pi, 25)[:-1], np.arange(-20, 240, 6)
    uneven = cv2.GaussianBlur(rng.standard_normal((len(ups), 3 * len(turns))).astype(np.float32), (0, 0), 2.2)
    uneven = uneven[:, len(turns) : 2 * len(turns)] / max(float(uneven.std()), 1e-6) * float(rng.uniform(0.3, 3.0))
    row = np.clip(np.searchsorted(ups, around.near.place) - 1, 0, len(ups) - 1)
    column = (np.floor(around.near.angle / (2 * np.pi) * len(turns)).astype(np.int64)) % len(turns)
    room = np.clip(usual + uneven[row, column], 0.0, _WIDEST_ROOM_MM)
    share = np.clip((around.depth_mm + room) / canvas.edge_mm + 0.5, 0.0, 1.0) * (room > 0)
    part = canvas.hu[around.box]
    part += (share * (greys.fat - part.reshape(-1))).reshape(part.shape).astype(np.float32)


def _draw_trunk(canvas: Canvas, parameters: TorsoParameters, greys: Greys, rng: Generator) -> None:
    wide, deep = rng.uniform(142, 185) * parameters.size, rng.uniform(96, 135) * parameters.size
    rim = float(rng.uniform(6, 22) + 26 * (1 - parameters.lean))
    canvas.ellipsoid((0, 0, 60), (wide, deep, 1500), greys.fat)
    canvas.ellipsoid((0, 6, 60), (wide - rim, deep - rim, 1500), greys.muscle)
    inner = rim + float(rng.uniform(12, 24))
    filling = greys.fat + parameters.lean * float(rng.uniform(0, 70))
    if rng.random() < _FILLED and parameters.phase is Phase.ARTERIAL:
        filling = float(rng.uniform(-40, 50))
    canvas.ellipsoid((0, -8, 60), (wide - inner, deep - inner - 10, 700), filling)
    for side in (1, -1):
        centre = (side * 0.45 * wide, 5.0, HIATUS_MM + rng.uniform(40, 90))
        canvas.ellipsoid(centre, (0.33 * wide, 0.62 * deep, rng.uniform(50, 95)), float(rng.uniform(-900, -780)))
        canvas.ellipsoid((centre[0], 5.0, HIATUS_MM + 260), (0.36 * wide, 0.66 * deep, 210), -850)
    heart = (float(rng.uniform(10, 30)), -35.0, HIATUS_MM + float(rng.uniform(50, 80)))
    canvas.ellipsoid(heart, (50, 42, 45), float(rng.uniform(35, 70)) if rng.random() < 0.5 else greys.lumen * 0.9)


def _draw_spine(canvas: Canvas, rng: Generator) -> None:
    marrow, shell, height = rng.uniform(90, 280), rng.uniform(320, 800), float(rng.uniform(29, 38))
    bend, wave = rng.normal(0, 4), rng.uniform(250, 500)
    size = float(rng.uniform(0.85, 1.2))
    if rng.random() < 0.15:  # a spine without gaps, as a plain painter or a fused column shows it
        canvas.ellipsoid((0, SPINE_FRONT_MM + 18 * size, 200), (23 * size, 18 * size, 5000), shell)
        canvas.ellipsoid((0, SPINE_FRONT_MM + 18 * size, 200), (21 * size, 16 * size, 5000), marrow)
        height = 2000.0
    for z in np.arange(-150.0, 620.0, height):
        x = float(bend * np.sin(2 * np.pi * z / wave))
        at = (x, SPINE_FRONT_MM + 18 * size, float(z))
        half = (height - rng.uniform(4, 9)) / 2
        canvas.ellipsoid((at[0], at[1], at[2] + height / 2), (21 * size, 16 * size, 6), float(rng.uniform(55, 110)))
        canvas.ellipsoid(at, (23 * size, 18 * size, half * 1.12), shell)
        canvas.ellipsoid(at, (21 * size, 16 * size, half), marrow)
        canvas.ellipsoid((x, at[1] + 40, at[2]), (4, 16, 10), shell * 0.7)
        if rng.random() < 0.12:  # a spur of the vertebra now and then
            canvas.ellipsoid((x + rng.uniform(-18, 18), SPINE_FRONT_MM - 1, at[2] + half), (6, 4, 4), shell)
    canvas.ellipsoid((0, SPINE_FRONT_MM + 40 * size, 150), (9, 8, 1000), float(rng.uniform(5, 30)))


def _draw_organs(canvas: Canvas, parameters: TorsoParameters, greys: Greys, rng: Generator) -> None:
    s, up = parameters.size, float(rng.normal(0, 12))
    psoas = rng.uniform(11, 24, 2)
    for side, radius in zip((1, -1), psoas, strict=True):
        canvas.ellipsoid((side * (24 + radius), SPINE_FRONT_MM + 17, -10), (radius, radius * 1.15, 135), greys.muscle)
        canvas.ellipsoid((side * 36, SPINE_FRONT_MM + 55, 60), (28, 20, 900), greys.muscle)
        _draw_pelvis(canvas, side, s)
        _draw_kidney(canvas, side, greys, up + float(rng.normal(0, 10)), rng)
    canvas.ellipsoid((-78 * s, -12, 165 + up), (76 * s, 70 * s, rng.uniform(60, 90)), greys.liver)
    canvas.ellipsoid((95 * s, 30, 170 + up), (32, 40, rng.uniform(38, 62)), greys.liver + float(rng.uniform(-10, 25)))
    canvas.ellipsoid((42 * s, -40 * s, 165 + up), (44, 36, 42), float(rng.uniform(0, 60)))
    canvas.ellipsoid((5, -28, 132 + up), (52, float(rng.uniform(7, 13)), 13), float(rng.uniform(30, 110)))


def _draw_crura(canvas: Canvas, greys: Greys, rng: Generator) -> None:
    """The crura of the diaphragm run before the spine on both sides of the aorta; they are seen in most."""
    for side in (1, -1):
        if rng.random() < 0.9:
            crus = np.array([[side * 9, 14, 95], [side * 15, 9, 140], [side * 11, 1, 178], [0, -8, 200]], float)
            curve = smooth_curve(crus, 3.0)
            canvas.tube(curve, np.full(len(curve), rng.uniform(3, 6)), greys.muscle)


def _draw_pelvis(canvas: Canvas, side: int, s: float) -> None:
    canvas.ellipsoid((side * 92 * s, 30, -75), (10, 52, 70), 520, yaw=-side * 30)
    canvas.ellipsoid((side * 92 * s, 30, -75), (6, 47, 64), 220, yaw=-side * 30)
    canvas.ellipsoid((0, 52, -105), (48, 16, 46), 330)


def _draw_kidney(canvas: Canvas, side: int, greys: Greys, up: float, rng: Generator) -> None:
    x, yaw = side * float(rng.uniform(54, 70)), -side * float(rng.uniform(15, 40))
    canvas.ellipsoid((x, 30, 112 + up), (29, 27, rng.uniform(46, 60)), greys.kidney, yaw=yaw)
    canvas.ellipsoid((x - side * 11, 27, 112 + up), (10, 9, 26), greys.fat, yaw=yaw)
    if rng.random() < 0.35:  # cysts are common
        r = float(rng.uniform(8, 28))
        canvas.ellipsoid((x + rng.uniform(-18, 18), 15, 112 + up + rng.uniform(-45, 45)), (r, r, r), 8.0)


def _draw_bowel(canvas: Canvas, parameters: TorsoParameters, greys: Greys, rng: Generator) -> None:
    s = parameters.size
    for _ in range(int(rng.integers(0, 46))):
        at = (float(rng.uniform(-105, 105)) * s, float(rng.uniform(-72, 2)) * s, float(rng.uniform(-130, 130)))
        radius = float(rng.uniform(8, 21))
        stretch = (radius * float(rng.uniform(0.8, 2.4)), radius, radius * float(rng.uniform(0.8, 2.2)))
        canvas.ellipsoid(at, stretch, float(rng.uniform(10, 95)), yaw=float(rng.uniform(0, 180)))
        kind = rng.random()
        if kind < 0.3:  # gas
            canvas.ellipsoid((at[0], at[1] - radius * 0.3, at[2]), (radius * 0.6,) * 3, float(rng.uniform(-950, -600)))
        elif kind < 0.4:  # oral contrast medium
            canvas.ellipsoid(at, (radius * 0.8,) * 3, float(rng.uniform(120, 500)))
    for side in (1, -1):
        at = (side * 118 * s, 5.0, 40.0)
        canvas.ellipsoid(at, (24, 26, 100), float(rng.uniform(0, 60)))
        canvas.ellipsoid(at, (14, 14, 75), float(rng.uniform(-800, 60)))


def _draw_texture(canvas: Canvas, rng: Generator) -> None:
    """Nothing in a patient is of one grey: coarse and fine clouds, stronger in fat where small vessels run."""
    shape = canvas.hu.shape
    for size, spread in ((5, rng.uniform(0, 9)), (14, rng.uniform(0, 8))):
        small = rng.standard_normal([max(2, n // size + 2) for n in shape]).astype(np.float32)
        planes = np.stack([cv2.resize(p, shape[:0:-1], interpolation=cv2.INTER_LINEAR) for p in small])
        wide = cv2.resize(planes.reshape(len(small), -1), (shape[1] * shape[2], shape[0]))
        canvas.hu += np.float32(spread) * wide.reshape(shape) * np.where(canvas.hu < -200.0, 0.2, 1.0)


def _draw_beside(canvas: Canvas, parameters: TorsoParameters, greys: Greys, aorta: Aneurysm, rng: Generator) -> None:
    """Draw what touches the aorta: cava, left renal vein, duodenum, nodes, and blood that left it."""
    vessel = aorta.vessel
    _draw_cava(canvas, greys, vessel, rng)
    front = vessel.outer_mm[:, 3 * 72 // 4]
    if rng.random() < 0.85:
        at = int(rng.integers(25, 50))
        x, y, z = vessel.points_mm[at]
        r = float(rng.uniform(7, 15))
        y -= front[at] + r * float(rng.uniform(0.85, 1.5))
        canvas.ellipsoid((float(x), float(y), float(z)), (float(rng.uniform(25, 60)), r, r), float(rng.uniform(10, 80)))
    at = int(rng.integers(50, 62))
    x, y, z = vessel.points_mm[at]
    vein = np.array([[-25, 2, 4], [0, -front[at] - 3, 2], [22, -2, 0], [52, 14, -2]]) + np.array([x, y, z])
    curve = smooth_curve(vein, 2.0)
    canvas.tube(curve, np.full(len(curve), rng.uniform(2.5, 5.5)), greys.venous)
    for _ in range(int(rng.integers(0, 9))):
        _draw_node(canvas, vessel, rng)
    if parameters.bleeding:
        _draw_blood(canvas, aorta, rng)


def _draw_cava(canvas: Canvas, greys: Greys, vessel: Vessel, rng: Generator) -> None:
    n = int(rng.integers(100, 130))
    way = vessel.points_mm[:n:3]
    radius = float(rng.uniform(5, 14)) * np.interp(way[:, 2], [0, 120, 240], [0.85, 1.0, 1.15])
    push = vessel.outer_mm[:n:3].mean(axis=1)
    gap = float(rng.uniform(-3, 9))
    free = -18.0 - radius
    x = np.where(way[:, 1] > -25, np.minimum(free, way[:, 0] - push - radius - gap), free)
    y = np.minimum(SPINE_FRONT_MM - 2 - radius, np.maximum(way[:, 1], -15)) + float(rng.uniform(-6, 3))
    canvas.tube(
        smooth_curve(np.stack([x, y, way[:, 2]], axis=1)[::4], 4.0), _stretch(radius[::4], x, y, way), greys.venous
    )


def _stretch(radius: NDArray[np.float64], x: Points, y: Points, way: Points) -> NDArray[np.float64]:
    count = len(smooth_curve(np.stack([x, y, way[:, 2]], axis=1)[::4], 4.0))
    return np.interp(np.linspace(0, 1, count), np.linspace(0, 1, len(radius)), radius)


def _draw_node(canvas: Canvas, vessel: Vessel, rng: Generator) -> None:
    at, angle = int(rng.integers(0, 100)), int(rng.integers(72))
    r = float(rng.uniform(3, 9))
    away = vessel.outer_mm[at, angle] + r * float(rng.uniform(0.7, 1.8))
    theta = 2 * np.pi * angle / 72
    place = vessel.points_mm[at] + away * (np.cos(theta) * vessel.across[at] + np.sin(theta) * vessel.along[at])
    x, y, z = (float(v) for v in place)
    canvas.ellipsoid((x, y, z), (r, r, r * float(rng.uniform(0.8, 1.8))), float(rng.uniform(30, 110)))


def _draw_blood(canvas: Canvas, aorta: Aneurysm, rng: Generator) -> None:
    x, y, z = (float(v) for v in aorta.vessel.points_mm[aorta.widest])
    r = float(aorta.vessel.outer_mm[aorta.widest].mean())
    hu = float(rng.uniform(48, 85))
    for _ in range(int(rng.integers(3, 7))):
        semi = tuple(float(v) for v in rng.uniform(12, 34, 3))
        place = (
            x + r * 0.8 + float(rng.uniform(0, 40)),
            y + float(rng.uniform(-5, 35)),
            z + float(rng.uniform(-45, 45)),
        )
        canvas.ellipsoid(place, (semi[0], semi[1], semi[2] * 1.4), hu)


def _draw_branches(canvas: Canvas, greys: Greys, aorta: Aneurysm, rng: Generator) -> None:
    points, base = aorta.vessel.points_mm, aorta.vessel.points_mm[0]
    wide = float(rng.uniform(4.5, 8.5)) if rng.random() < 0.85 else float(rng.uniform(9, 17))
    wide = min(wide, 1.1 * float(aorta.vessel.outer_mm[0].mean()))  # no wider than what they come from
    for side in (1, -1):
        drop = float(rng.uniform(20, 38))
        down = base + np.array(
            [[0, 0, 5], [side * 12, 2, -drop], [side * 34, 8, -drop - 34], [side * 58, -14, -drop - 82]]
        )
        curve = smooth_curve(down, 3.0)
        own = wide * float(rng.uniform(0.8, 1.2))
        canvas.tube(curve, np.linspace(own + 1.2, own * 0.75, len(curve)), greys.wall)
        canvas.tube(curve, np.linspace(own, own * 0.65, len(curve)), greys.lumen)
        _branch(canvas, points[int(rng.integers(50, 60))], [[side * 22, 4, -4], [side * 48, 18, -2]], rng, greys.lumen)
    _branch(canvas, points[int(rng.integers(60, 66))], [[0, -16, -4], [-2, -26, -30], [-8, -30, -90]], rng, greys.lumen)
    _branch(canvas, points[int(rng.integers(68, 76))], [[2, -18, 2], [-20, -26, 8]], rng, greys.lumen)
    _branch(canvas, points[int(rng.integers(18, 28))], [[6, -14, -10], [16, -18, -50]], rng, greys.lumen)


def _branch(canvas: Canvas, root: Points, offsets: list[list[float]], rng: Generator, hu: float) -> None:
    away = np.array([[0.0, 0.0, 0.0], *offsets]) * float(rng.uniform(0.8, 1.3))
    curve = smooth_curve(root + away, 2.0)
    canvas.tube(curve, np.full(len(curve), float(rng.uniform(1.6, 3.8))), hu)


def _draw_aorta(canvas: Canvas, greys: Greys, aorta: Aneurysm, around: _Around, rng: Generator) -> NDArray[np.float32]:
    """Draw wall, thrombus, lumen and calcium, each place by its depth inside the outer wall."""
    box, near, depth = around.box, around.near, around.depth_mm
    edge = canvas.edge_mm
    outer = np.clip(depth / edge + 0.5, 0.0, 1.0)
    blood = np.clip(_lumen_depth(aorta, near, depth) / edge + 0.5, 0.0, 1.0)
    inside = np.clip((depth - aorta.wall_mm) / edge + 0.5, 0.0, 1.0)
    clot = greys.thrombus + float(rng.uniform(0, 8)) * rng.standard_normal(len(depth)).astype(np.float32)
    inner = clot + (greys.lumen - clot) * blood
    filled = greys.wall + (inner - greys.wall) * inside
    filled += _calcium(aorta, near, depth, rng, edge)
    part = canvas.hu[box]
    shape = part.shape
    part += (outer * (filled - part.reshape(-1))).reshape(shape)
    share = np.zeros(canvas.hu.shape, np.float32)
    share[box] = outer.reshape(shape)
    return share


def _lumen_depth(aorta: Aneurysm, near: Nearness, depth: NDArray[np.float32]) -> NDArray[np.float32]:
    place = np.clip(near.place, 0, len(aorta.lumen_mm) - 1)
    index = np.arange(len(aorta.lumen_mm))
    u0, v0 = (np.interp(place, index, column) for column in aorta.lumen_uv_mm.T)
    u, v = near.radius_mm * np.cos(near.angle), near.radius_mm * np.sin(near.angle)
    lumen = np.interp(place, index, aorta.lumen_mm) - np.hypot(u - u0, v - v0)
    return np.asarray(np.minimum(lumen, depth - aorta.wall_mm), np.float32)


def _calcium(
    aorta: Aneurysm, near: Nearness, depth: NDArray[np.float32], rng: Generator, edge: float
) -> NDArray[np.float32]:
    """HU that plates of calcium add within the wall."""
    added = np.zeros(len(depth), np.float32)
    plates = int(rng.integers(0, 30)) if rng.random() < 0.7 else 0
    shell = np.clip((aorta.wall_mm + 0.5 - np.abs(depth - aorta.wall_mm * 0.6)) / edge, 0.0, 1.0)
    for _ in range(plates):
        at, angle = rng.uniform(0, 130), rng.uniform(0, 2 * np.pi)
        arc = np.abs(np.angle(np.exp(1j * (near.angle - angle)))) * near.radius_mm
        size = rng.uniform(1.5, 9.0)
        reach = np.hypot(arc, (near.place - at) * aorta.vessel.step_mm)
        patch = np.clip((size - reach) / edge + 0.5, 0.0, 1.0) * shell * float(rng.uniform(200, 1100))
        np.maximum(added, patch.astype(np.float32), out=added)
    return added
