"""Diameters of a segmented vessel in planes square to its course, finer than a voxel.

Rays leave the middle of each section; the wall lies where the probability falls through one half. Used by
``postprocessing.aorta`` and by the evaluation. Pure; knows nothing of thresholds.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import cv2
import numpy as np
from numpy.typing import NDArray

from triton_models.postprocessing.course import (
    INSIDE,
    Course,
    course_through,
    first_course,
)
from triton_models.postprocessing.following import follow
from triton_models.starshape import widths

_STEP_MM = 2.0
_ANGLES = 72
_COARSE_ANGLES = 36
_COARSE_STEP_MM, _FINE_STEP_MM = 2.0, 1.0
_REACH_MM = 66.0
_ROUNDS = 4
_LONGEST_MOVE_MM = 6.0
# A vessel or vein that touches the wall widens a few rays; a median over 45 degrees leaves it out.
_MEDIAN_RAYS = 9
_MEDIAN_SECTIONS = 5
_HARMONICS = 6
# The wall is soft from where the probability leaves 0.75 to where it falls under 0.25.
_SOFT = (0.75, 0.25)
_LEAST_POINTS = 8
_HALF = 0.5
# Most that a voxel outside the vessel may hold, beside it and further away.
_BARELY_OUT, _OUT = 0.45, 0.2
_THIN_MM = 8.0

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Sections:
    """A vessel, one entry per section from inferior to superior.

    Attributes:
        course: where the sections stand (z, y, x in millimetres from the first voxel).
        radius_mm: axes section, angle from ``across`` to ``along``: the wall.
        major_mm, minor_mm: largest and smallest width of the section.
        soft_mm: mean width of the wall's blur, per section.
        rough_mm: how far the found wall strays from a smooth figure, per section.
        axial_mm: largest width in the transverse slice through the section's middle.
        volume_ml: volume inside the wall.
    """

    course: Course
    radius_mm: Floats
    major_mm: Floats
    minor_mm: Floats
    soft_mm: Floats
    rough_mm: Floats
    axial_mm: Floats
    volume_ml: float


def measure(probability: NDArray[np.float32], spacing_mm: float) -> Sections | None:
    """Measure the longest connected vessel.

    Args:
        probability: axes z,y,x; share of a voxel that lies inside the outer wall.
        spacing_mm: of the cubic voxels.

    Returns:
        Its sections, or None where there is no vessel to speak of.
    """
    body = follow(probability, INSIDE, spacing_mm)
    if body is None or int(body.any(axis=(1, 2)).sum()) * spacing_mm < _LEAST_POINTS * _STEP_MM:
        return None
    rim = np.where(_grown(body), _BARELY_OUT, _OUT)
    # What the vessel surrounds or bridges is inside it, whatever its grey looked like.
    within = np.where(probability >= INSIDE, probability, 1.0)
    field = np.where(body, within, np.minimum(probability, rim)).astype(np.float32)
    course = _centred(field, first_course(body, spacing_mm, _STEP_MM), spacing_mm)
    if len(course.points_mm) < _LEAST_POINTS:
        return None
    return _measured(field, course, spacing_mm, volume_ml=float(field[body].sum()) * spacing_mm**3 / 1000.0)


def _measured(field: NDArray[np.float32], course: Course, spacing_mm: float, *, volume_ml: float) -> Sections:
    course = _recentred(field, course, spacing_mm)
    raw, soft = _walls(field, course, spacing_mm)
    smooth = _smooth_figures(raw)
    size = widths(smooth)
    return Sections(
        course=course,
        radius_mm=smooth,
        major_mm=size.max(axis=1),
        minor_mm=size.min(axis=1),
        soft_mm=soft,
        rough_mm=np.abs(raw - smooth).mean(axis=1),
        axial_mm=_axial(field, course, spacing_mm),
        volume_ml=volume_ml,
    )


def _centred(field: NDArray[np.float32], course: Course, spacing_mm: float) -> Course:
    """Move each point to the middle of its section, smooth, and do it again with the new planes."""
    for _ in range(_ROUNDS):
        radius = _coarse(field, course, spacing_mm)
        moved = _moved(course, radius, _LONGEST_MOVE_MM)
        course = course_through(moved, _STEP_MM, np.sqrt((radius**2).mean(axis=1)))
        if len(course.points_mm) < _LEAST_POINTS:
            break
    return course


def _recentred(field: NDArray[np.float32], course: Course, spacing_mm: float) -> Course:
    """Let rays start from the middles of the sections, whose planes stay as they are."""
    for _ in range(2):
        course = replace(course, points_mm=_moved(course, _coarse(field, course, spacing_mm), np.inf))
    return course


def _coarse(field: NDArray[np.float32], course: Course, spacing_mm: float) -> Floats:
    angle = 2 * np.pi * np.arange(_COARSE_ANGLES) / _COARSE_ANGLES
    return _crossing(_rays(field, course, spacing_mm, angle, _COARSE_STEP_MM), INSIDE, _COARSE_STEP_MM)


def _moved(course: Course, radius: Floats, most_mm: float) -> Floats:
    """The middles of the sections that rays from the course have found."""
    angle = 2 * np.pi * np.arange(radius.shape[1]) / radius.shape[1]
    area = np.maximum((radius**2).sum(axis=1), 1e-6)
    u = 2 / 3 * (radius**3 * np.cos(angle)).sum(axis=1) / area
    v = 2 / 3 * (radius**3 * np.sin(angle)).sum(axis=1) / area
    scale = np.minimum(1.0, most_mm / np.maximum(np.hypot(u, v), 1e-6))
    return np.asarray(course.points_mm + (u * scale)[:, None] * course.across + (v * scale)[:, None] * course.along)


def _walls(field: NDArray[np.float32], course: Course, spacing_mm: float) -> tuple[Floats, Floats]:
    """Wall by ray (section, angle), and how soft it is (section)."""
    angle = 2 * np.pi * np.arange(_ANGLES) / _ANGLES
    rays = _rays(field, course, spacing_mm, angle, _FINE_STEP_MM)
    near, far = (_crossing(rays, level, _FINE_STEP_MM) for level in _SOFT)
    return _crossing(rays, INSIDE, _FINE_STEP_MM), np.asarray(np.median(far - near, axis=1))


def _axial(field: NDArray[np.float32], course: Course, spacing_mm: float) -> Floats:
    upright = replace(course, across=_rows(course, (0.0, 0.0, 1.0)), along=_rows(course, (0.0, 1.0, 0.0)))
    return np.asarray(widths(_smooth_figures(_coarse(field, upright, spacing_mm))).max(axis=1))


def _rows(course: Course, row: tuple[float, float, float]) -> Floats:
    return np.tile(np.array(row), (len(course.points_mm), 1))


def _rays(
    field: NDArray[np.float32], course: Course, spacing_mm: float, angle: Floats, step_mm: float
) -> NDArray[np.float32]:
    """Sample along rays: axes section, angle, distance."""
    away = np.arange(0.0, _REACH_MM, step_mm)
    cosine, sine = np.cos(angle)[None, :, None], np.sin(angle)[None, :, None]
    way = cosine * course.across[:, None, :] + sine * course.along[:, None, :]
    places = course.points_mm[:, None, None, :] + away[None, None, :, None] * way[:, :, None, :]
    return sampled(field, (places / spacing_mm).astype(np.float32))


def sampled(field: NDArray[np.float32], places: NDArray[np.float32]) -> NDArray[np.float32]:
    """Interpolate ``field`` at places (..., 3) in voxels; 0 outside."""
    limit = np.array(field.shape, np.float32) - 1.0
    outside = np.any((places < -_HALF) | (places > limit + _HALF), axis=-1)
    inside = np.clip(places, 0.0, limit - 1e-3)
    low = inside.astype(np.int32)
    f = inside - low
    sy, sz = field.shape[2], field.shape[1] * field.shape[2]
    base = low[..., 0] * sz + low[..., 1] * sy + low[..., 2]
    flat = field.reshape(-1)
    fz, fy, fx = f[..., 0], f[..., 1], f[..., 2]
    total = np.zeros(base.shape, np.float32)
    for dz, wz in ((0, 1 - fz), (sz, fz)):
        for dy, wy in ((0, 1 - fy), (sy, fy)):
            weight = wz * wy
            total += weight * ((1 - fx) * flat[base + dz + dy] + fx * flat[base + dz + dy + 1])
    total[outside] = 0.0
    return total


def _crossing(rays: NDArray[np.float32], level: float, step_mm: float) -> Floats:
    """Distance at which each ray first falls through ``level``."""
    below = rays < level
    below[..., -1] = True
    at = below.argmax(axis=-1)
    after = np.take_along_axis(rays, at[..., None], axis=-1)[..., 0]
    before = np.take_along_axis(rays, np.maximum(at - 1, 0)[..., None], axis=-1)[..., 0]
    part = np.clip((before - level) / np.maximum(before - after, 1e-6), 0.0, 1.0)
    return np.asarray(np.where(at == 0, 0.0, (at - 1 + part) * step_mm), np.float64)


def _smooth_figures(radius: Floats) -> Floats:
    half, side = _MEDIAN_RAYS // 2, _MEDIAN_SECTIONS // 2
    around = np.concatenate([radius[:, -half:], radius, radius[:, :half]], axis=1)
    medians = np.median(np.lib.stride_tricks.sliding_window_view(around, _MEDIAN_RAYS, axis=1), axis=2)
    padded = np.pad(medians, ((side, side), (0, 0)), mode="edge")
    calm = np.median(np.lib.stride_tricks.sliding_window_view(padded, _MEDIAN_SECTIONS, axis=0), axis=2)
    waves = np.fft.rfft(calm, axis=1)
    waves[:, _HARMONICS + 1 :] = 0
    return np.asarray(np.fft.irfft(waves, n=radius.shape[1], axis=1))


def _grown(body: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Voxels of the body and those just outside, whose probability places the wall."""
    kernel = np.ones((3, 3), np.uint8)
    flat = np.stack([cv2.dilate(plane.astype(np.uint8), kernel) for plane in body]).astype(bool)
    padded = np.pad(flat, ((1, 1), (0, 0), (0, 0)))
    return np.asarray(padded[:-2] | padded[1:-1] | padded[2:])
