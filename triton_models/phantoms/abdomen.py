"""A CT abdomen with an aorta of exactly known diameter: the aorta pathway's synthetic patient.

Called by the simulator, by training and by the tests. The cross-section square to the aorta's course is a circle, so
its largest diameter is the parameter itself, whatever the obliquity.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray

from triton_models.phantoms.aneurysm import RENAL_MM
from triton_models.phantoms.canvas import Canvas, Pose, Vector, coarse_sampling, first_voxel
from triton_models.phantoms.paint import Sampling
from triton_models.phantoms.scan import no_vessels, scan
from triton_models.phantoms.tree import Points, smooth_curve

# 200 slices of 2 mm; and a cheap one.
FULL = Sampling((200, 512, 512), (2.0, 0.75, 0.75))
SMALL = Sampling((135, 256, 256), (3.0, 1.5, 1.5))

_COARSE_MM = 2.0
_BLOOD_HU = 42.0
_THROMBUS_HU = 38.0
_SPINE_FRONT_MM = 22.0
_BIFURCATION_MM = 0.0
_DIAPHRAGM_MM = 185.0
_STEP_MM = 2.0


@dataclass(frozen=True, slots=True)
class AbdomenParameters:
    """One synthetic abdomen; z = 0 is the bifurcation of the aorta.

    Attributes:
        seed: same seed and settings, same voxels.
        max_diameter_mm: outer diameter at the widest place; None leaves a normal aorta.
        contrast: arterial contrast in the lumen.
        thrombus: share of the aneurysm's radius that is thrombus (0..0.7).
        aneurysm_length_mm: from end to end of the widening.
        obliquity_deg: steepest angle of the aorta's course against the long axis.
        normal_diameter_mm: outer diameter where it is not widened.
        calcified: patches of calcium in the wall.
        noise_hu: standard deviation per voxel.
        body_scale: 1 is an average adult.
    """

    seed: int
    max_diameter_mm: float | None = None
    contrast: bool = True
    thrombus: float = 0.3
    aneurysm_length_mm: float = 80.0
    obliquity_deg: float = 12.0
    normal_diameter_mm: float = 20.0
    calcified: bool = True
    noise_hu: float = 14.0
    body_scale: float = 1.0


@dataclass(frozen=True, slots=True)
class AbdomenTruth:
    """What is true of a rendered abdomen.

    Attributes:
        origin_lps_mm: x, y, z of the centre of voxel (0, 0, 0).
        spacing_mm: z, y, x.
        max_diameter_mm: outer diameter of the infrarenal aorta at its widest, square to its course.
        widest_lps_mm: where that is.
    """

    origin_lps_mm: Vector
    spacing_mm: tuple[float, float, float]
    max_diameter_mm: float
    widest_lps_mm: Vector


@dataclass(frozen=True, slots=True)
class Aorta:
    """Centreline and outer radius, from the bifurcation upwards."""

    points_mm: Points
    radius_mm: NDArray[np.float64]
    lumen_mm: NDArray[np.float64]


def render_abdomen(parameters: AbdomenParameters, sampling: Sampling = SMALL) -> tuple[NDArray[np.int16], AbdomenTruth]:
    """Render an abdomen.

    Returns:
        int16 HU, axes z,y,x growing to superior, posterior and the patient's left; and the truth.
    """
    rng = np.random.default_rng([parameters.seed, 31])
    aorta = aorta_of(parameters)
    origin = _origin(sampling)
    coarse = coarse_sampling(sampling, _COARSE_MM)
    canvas = Canvas(coarse, first_voxel(origin, sampling, coarse), _upright())
    _draw_trunk(canvas, parameters, rng)
    _draw_vessels(canvas, parameters, aorta, rng)
    hu = scan(canvas, sampling, no_vessels(sampling), noise_hu=parameters.noise_hu, rng=rng)
    return hu, _truth(aorta, origin, sampling)


def aorta_share(parameters: AbdomenParameters, sampling: Sampling) -> NDArray[np.float32]:
    """Compute for each voxel of ``render_abdomen`` which share of it lies inside the aorta's outer wall."""
    aorta = aorta_of(parameters)
    return Canvas(sampling, _origin(sampling), _upright()).tube_share(aorta.points_mm, aorta.radius_mm)


def aorta_of(parameters: AbdomenParameters) -> Aorta:
    """Lay the aorta: its course, outer radius and lumen."""
    rng = np.random.default_rng([parameters.seed, 37])
    z = np.arange(_BIFURCATION_MM, 420.0, _STEP_MM)
    radius = np.interp(z, [0, 60, 190, 420], np.array([0.86, 0.92, 1.12, 1.25])) * parameters.normal_diameter_mm / 2
    middle = rng.uniform(38.0, 60.0)
    bump = _bump(z, middle, parameters.aneurysm_length_mm)
    wanted = (parameters.max_diameter_mm or 0.0) / 2
    radius = np.maximum(radius, radius * (1 - bump) + max(wanted, 0.0) * bump) if wanted else radius
    thick = 1.2 + parameters.thrombus * np.maximum(radius - parameters.normal_diameter_mm / 2, 0.0) * bump
    points = _course(z, radius, parameters, rng)
    return Aorta(points, radius, np.maximum(radius - thick, 3.0))


def _bump(z: NDArray[np.float64], middle: float, length: float) -> NDArray[np.float64]:
    """A smooth widening with a flat top, 1 at its middle and 0 beyond its ends."""
    away = np.clip(np.abs(z - middle) / (length / 2), 0.0, 1.0)
    return np.asarray(0.5 + 0.5 * np.cos(np.pi * np.clip((away - 0.25) / 0.75, 0.0, 1.0)))


def _course(
    z: NDArray[np.float64], radius: NDArray[np.float64], parameters: AbdomenParameters, rng: Generator
) -> Points:
    """Let the aorta run before the spine, left of the middle, and swing by the wanted obliquity."""
    wave = rng.uniform(90.0, 140.0)
    phase = rng.uniform(0.0, 2 * np.pi)
    # A sine of wave length w and amplitude a is steepest at 2πa/w.
    amplitude = np.tan(np.deg2rad(parameters.obliquity_deg)) * wave / (2 * np.pi)
    fade = np.clip((300.0 - z) / 100.0, 0.0, 1.0)
    x = 7.0 + amplitude * np.sin(2 * np.pi * z / wave + phase) * fade + 0.2 * np.maximum(radius - 12.0, 0.0)
    lordosis = 8.0 * np.sin(np.pi * np.clip(z, -50, 250) / 200.0)
    y = _SPINE_FRONT_MM - 3.0 - radius - 0.25 * lordosis
    # The front of the spine bounds it behind: smooth the bend that a sudden widening would give.
    kernel = np.ones(15) / 15.0
    y = np.convolve(np.pad(y, 7, mode="edge"), kernel, mode="valid")
    return np.stack([x, y, z], axis=1)


def _upright() -> Pose:
    return Pose.from_degrees()


def _origin(sampling: Sampling) -> Vector:
    """Centre the field of view on the body; its top lies above the diaphragm, as an abdominal scan starts."""
    nz, ny, nx = sampling.shape_zyx
    dz, dy, dx = sampling.spacing_mm
    top = _DIAPHRAGM_MM + 45.0
    return -dx * (nx - 1) / 2, -dy * (ny - 1) / 2, top - dz * (nz - 1)


def _draw_trunk(canvas: Canvas, parameters: AbdomenParameters, rng: Generator) -> None:
    s = parameters.body_scale * rng.normal(1.0, 0.03)
    canvas.ellipsoid((0, 0, 60), (172 * s, 122 * s, 900), -100)
    canvas.ellipsoid((0, 4, 60), (152 * s, 98 * s, 900), 48)
    canvas.ellipsoid((0, -12, 50), (132 * s, 76 * s, 500), -95)
    _draw_spine(canvas, rng)
    _draw_organs(canvas, s, rng)
    _draw_bowel(canvas, s, rng)
    _draw_pelvis(canvas, s)
    for side in (1, -1):
        canvas.ellipsoid((side * 75 * s, 5, _DIAPHRAGM_MM + 62), (55 * s, 78 * s, 62), -860)


def _draw_spine(canvas: Canvas, rng: Generator) -> None:
    marrow = rng.uniform(140, 260)
    for z in np.arange(-110.0, 420.0, 34.0):
        at = float(z) + 17.0
        canvas.ellipsoid((0, _SPINE_FRONT_MM + 17, at), (24, 18, 15.5), 650)
        canvas.ellipsoid((0, _SPINE_FRONT_MM + 17, at), (21, 15.5, 13), marrow)
        canvas.ellipsoid((0, _SPINE_FRONT_MM + 58, at), (4, 16, 10), 450)
    canvas.ellipsoid((0, _SPINE_FRONT_MM + 39, 100), (9, 8, 600), 25)
    for side in (1, -1):
        canvas.ellipsoid((side * 38, _SPINE_FRONT_MM + 18, 0), (16, 18, 120), 55)
        canvas.ellipsoid((side * 34, _SPINE_FRONT_MM + 55, 60), (26, 20, 500), 55)


def _draw_organs(canvas: Canvas, s: float, rng: Generator) -> None:
    liver, spleen = rng.uniform(60, 110), rng.uniform(80, 130)
    canvas.ellipsoid((-72 * s, -12, 165), (72 * s, 66 * s, 70), liver)
    canvas.ellipsoid((95 * s, 30, 170), (32, 40, 46), spleen)
    canvas.ellipsoid((40 * s, -40 * s, 165), (42, 34, 40), rng.uniform(10, 40))
    canvas.ellipsoid((5, -25, 130), (50, 10, 12), 70)
    for side in (1, -1):
        z = 110.0 + rng.normal(0, 10)
        canvas.ellipsoid((side * 62, 30, z), (27, 26, 52), rng.uniform(90, 190), yaw=-side * 25)
        canvas.ellipsoid((side * 52, 26, z), (10, 9, 26), -20, yaw=-side * 25)


def _draw_bowel(canvas: Canvas, s: float, rng: Generator) -> None:
    for _ in range(26):
        at = (float(rng.uniform(-100, 100)) * s, float(rng.uniform(-66, -12)) * s, float(rng.uniform(-100, 120)))
        radius = float(rng.uniform(9, 19))
        canvas.ellipsoid(at, (radius, radius, radius * float(rng.uniform(1, 2.2))), float(rng.uniform(15, 90)))
        if rng.random() < 0.35:  # about a third of the loops hold gas
            canvas.ellipsoid((at[0], at[1] - radius * 0.3, at[2]), (radius * 0.6,) * 3, -800)
    for side in (1, -1):
        canvas.ellipsoid((side * 118 * s, 0, 40), (22, 24, 95), 20)
        canvas.ellipsoid((side * 118 * s, -6, 50), (13, 13, 70), -500)


def _draw_pelvis(canvas: Canvas, s: float) -> None:
    for side in (1, -1):
        canvas.ellipsoid((side * 92 * s, 30, -75), (10, 52, 70), 520, yaw=-side * 30)
        canvas.ellipsoid((side * 92 * s, 30, -75), (6, 47, 64), 220, yaw=-side * 30)
    canvas.ellipsoid((0, 52, -105), (48, 16, 46), 330)
    canvas.ellipsoid((0, -30 * s, -150), (42, 36, 34), 8)


def _draw_vessels(canvas: Canvas, parameters: AbdomenParameters, aorta: Aorta, rng: Generator) -> None:
    arterial = rng.uniform(220, 400) if parameters.contrast else _BLOOD_HU
    venous = rng.uniform(50, 160) if parameters.contrast else _BLOOD_HU
    _draw_cava(canvas, aorta, venous, rng)
    _draw_branches(canvas, aorta, arterial)
    canvas.tube(aorta.points_mm, aorta.radius_mm, _THROMBUS_HU + 10.0)
    lumen = aorta.points_mm.copy()
    # Thrombus is thicker on one side: let the lumen lie off the middle of the sac.
    lumen[:, 1] += 0.5 * (aorta.radius_mm - aorta.lumen_mm - 1.2)
    canvas.tube(lumen, aorta.lumen_mm, arterial)
    if parameters.calcified:
        _draw_calcium(canvas, aorta, rng)


def _draw_cava(canvas: Canvas, aorta: Aorta, hu: float, rng: Generator) -> None:
    z = np.arange(-10.0, 240.0, 6.0)
    push = np.interp(z, aorta.points_mm[:, 2], np.maximum(aorta.radius_mm - aorta.points_mm[:, 0] + 7.0, 0.0))
    x = np.minimum(-22.0 - 0.1 * z / 10, -push - 6.0)
    points = np.stack([x, np.full_like(z, _SPINE_FRONT_MM - 12.0), z], axis=1)
    canvas.tube(points, np.full_like(z, rng.uniform(8.0, 12.0)), hu)


def _draw_branches(canvas: Canvas, aorta: Aorta, hu: float) -> None:
    base = aorta.points_mm[0]
    for side in (1, -1):
        down = base + np.array([[0, 0, 0], [side * 14, 2, -28], [side * 36, 8, -62], [side * 58, -14, -110]])
        curve = smooth_curve(down, 3.0)
        canvas.tube(curve, np.linspace(6.5, 4.5, len(curve)), hu)
        root = aorta.points_mm[np.searchsorted(aorta.points_mm[:, 2], 112.0)]
        renal = smooth_curve(root + np.array([[0, 0, 0], [side * 22, 4, -4], [side * 46, 18, -2]]), 2.0)
        canvas.tube(renal, np.full(len(renal), 2.8), hu)
    root = aorta.points_mm[np.searchsorted(aorta.points_mm[:, 2], 128.0)]
    gut = smooth_curve(root + np.array([[0, 0, 0], [0, -16, -4], [-2, -26, -30], [-8, -30, -80]]), 3.0)
    canvas.tube(gut, np.full(len(gut), 3.4), hu)


def _draw_calcium(canvas: Canvas, aorta: Aorta, rng: Generator) -> None:
    for _ in range(int(rng.integers(4, 14))):
        at = int(rng.integers(0, 90))
        angle = rng.uniform(0, 2 * np.pi)
        wall = (aorta.radius_mm[at] - 0.8) * np.array([np.cos(angle), np.sin(angle), 0.0])
        x, y, z = (float(v) for v in aorta.points_mm[at] + wall)
        canvas.ellipsoid((x, y, z), (1.6, 1.6, float(rng.uniform(1.5, 5.0))), 750)


def _truth(aorta: Aorta, origin: Vector, sampling: Sampling) -> AbdomenTruth:
    """Judge what the field of view holds, from the bifurcation to the renal arteries."""
    low = max(origin[2], _BIFURCATION_MM)
    top = min(origin[2] + sampling.spacing_mm[0] * sampling.shape_zyx[0], RENAL_MM)
    seen = np.flatnonzero((aorta.points_mm[:, 2] >= low) & (aorta.points_mm[:, 2] <= top))
    if seen.size == 0:
        return AbdomenTruth(origin, sampling.spacing_mm, 0.0, (0.0, 0.0, 0.0))
    at = seen[int(aorta.radius_mm[seen].argmax())]
    x, y, z = (float(v) for v in aorta.points_mm[at])
    return AbdomenTruth(origin, sampling.spacing_mm, 2.0 * float(aorta.radius_mm[at]), (x, y, z))
