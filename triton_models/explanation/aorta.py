"""The key image of an aorta: the plane square to its course at the widest place, and an overview along the course.

Called by the analyser through ``streams.pathways.aorta`` after the finding was told. Draws what was measured with the
measurement's own geometry; must not measure anything anew or change a finding.
"""

from __future__ import annotations

from collections.abc import Mapping

import cv2
import numpy as np
from numpy.typing import NDArray

from schemas.findings import Finding, Measurement
from triton_models.explanation.key_image import (
    AMBER,
    CYAN,
    KeyImage,
    Picture,
    enlarged,
    joined,
    labelled,
    windowed,
    written,
)
from triton_models.postprocessing.aorta import DIAMETER, Measured, measured_in
from triton_models.postprocessing.section import sampled
from triton_models.prepared import Prepared, Tensor
from triton_models.volume import Volume

WINDOW_HU = (-120.0, 320.0)
_HEIGHT = 400
_WIDTH, _GAP = 234, 6
_LEAST_FIELD_MM, _ROOM = 100.0, 1.5
_GRID_MM = 1.0
_DOWN_MM = 2.0

Floats = NDArray[np.float64]


def key_image(volume: Volume, prepared: Prepared, outputs: Mapping[str, Tensor], finding: Finding) -> KeyImage | None:
    """Draw the widest section with wall and diameter, and the course in front view; None where nothing was measured.

    Args:
        volume: on the pathway's grid, as it was given to ``preprocessing.aorta.prepare``.
        prepared: its facts place the model's column in the volume.
        outputs: ``probability`` (float32, 1,1,z,y,x).
        finding: holds the numbers that are written.
    """
    size = finding.measurement(DIAMETER)
    measured = measured_in(np.asarray(outputs["probability"], np.float32)[0, 0], prepared) if outputs else None
    if size is None or measured is None:
        return None
    field = max(_LEAST_FIELD_MM, _ROOM * measured.diameter_mm)
    plane = _plane(volume, prepared, measured, field)
    left, right = _section(plane, measured, size, field), _overview(volume, prepared, measured)
    picture = np.hstack([left, np.zeros((_HEIGHT, _GAP, 3), np.uint8), right])
    return KeyImage(
        picture, _caption(finding, size), _arrays(plane, measured, prepared), _facts(measured, prepared, field)
    )


def _plane(volume: Volume, prepared: Prepared, measured: Measured, field_mm: float) -> NDArray[np.float32]:
    """HU square to the course; rows to posterior, columns to the patient's left."""
    away = np.arange(-field_mm / 2, field_mm / 2, _GRID_MM) + _GRID_MM / 2
    course, at = measured.sections.course, measured.at
    places = (
        course.points_mm[at] + away[:, None, None] * course.along[at] - away[None, :, None] * course.across[at]
    )  # ``across`` points to the patient's right
    return _hu(volume, prepared, places)


def _hu(volume: Volume, prepared: Prepared, places_mm: Floats) -> NDArray[np.float32]:
    """Sample the volume at places (..., 3) z,y,x in millimetres from the first voxel of the model's column."""
    facts, (ox, oy, oz) = prepared.facts, volume.origin_lps_mm
    shift = np.array([facts["origin_z_mm"] - oz, facts["origin_y_mm"] - oy, facts["origin_x_mm"] - ox])
    voxels = (places_mm + shift) / np.array(volume.spacing_mm)
    return sampled(np.ascontiguousarray(volume.hu, np.float32), voxels.astype(np.float32))


def _section(plane: NDArray[np.float32], measured: Measured, size: Measurement, field_mm: float) -> Picture:
    picture = enlarged(windowed(plane, *WINDOW_HU), _HEIGHT / len(plane))
    picture = np.ascontiguousarray(picture[:_HEIGHT, :_HEIGHT])
    per_mm = _HEIGHT / field_mm
    wall = _wall_xy(measured) * per_mm + _HEIGHT / 2
    joined(picture, wall, CYAN, closed=True)
    joined(picture, _widest_pair(wall), AMBER)
    written(picture, f"{size.value:.1f} mm", (10, 26), AMBER, 0.8)
    if size.low is not None and size.high is not None:
        written(picture, f"95 %: {size.low:.1f} to {size.high:.1f} mm", (10, 48), AMBER)
    written(picture, "square to the course", (10, 68))
    labelled(picture)
    return picture


def _wall_xy(measured: Measured) -> Floats:
    """The wall in its plane (n, 2), millimetres to the patient's left and to posterior."""
    radius = measured.sections.radius_mm[measured.at]
    angle = 2 * np.pi * np.arange(len(radius)) / len(radius)
    return np.stack([-radius * np.cos(angle), radius * np.sin(angle)], axis=1)


def _widest_pair(points: Floats) -> Floats:
    away = np.linalg.norm(points[:, None] - points[None, :], axis=2)
    return points[list(np.unravel_index(int(away.argmax()), away.shape))]


def _overview(volume: Volume, prepared: Prepared, measured: Measured) -> Picture:
    """A front view that follows the course from front to back, with the wall's edges and the measured plane."""
    points, facts = measured.sections.course.points_mm, prepared.facts
    low, high = facts["low_z_mm"] - facts["origin_z_mm"], facts["top_z_mm"] - facts["origin_z_mm"]
    per_mm = _HEIGHT / max(high - low, 1.0)
    heights = np.arange(high, low, -_DOWN_MM)
    depth = np.interp(heights, points[:, 0], points[:, 1])
    middle = float(np.interp(points[measured.at, 0], points[:, 0], points[:, 2]))
    reach = _WIDTH / per_mm / 2
    wide = np.arange(middle - reach, middle + reach, _DOWN_MM)
    places = np.stack(np.broadcast_arrays(heights[:, None], depth[:, None], wide[None, :]), axis=-1)
    grey = windowed(_hu(volume, prepared, places), *WINDOW_HU)
    large = cv2.resize(grey, (_WIDTH, _HEIGHT), interpolation=cv2.INTER_CUBIC)
    picture = np.asarray(cv2.cvtColor(large, cv2.COLOR_GRAY2RGB), np.uint8)
    for edge in _edges(measured):
        joined(picture, np.stack([(edge[:, 2] - middle + reach) * per_mm, (high - edge[:, 0]) * per_mm], axis=1))
    ends = _across(measured, measured.at)
    joined(picture, np.stack([(ends[:, 2] - middle + reach) * per_mm, (high - ends[:, 0]) * per_mm], axis=1), AMBER)
    return picture


def _edges(measured: Measured) -> tuple[Floats, Floats]:
    """The wall on the patient's right and left, one point per section."""
    ends = np.stack([_across(measured, k) for k in range(len(measured.sections.radius_mm))])
    return ends[:, 0], ends[:, 1]


def _across(measured: Measured, at: int) -> Floats:
    """Where the wall of a section lies to the patient's right and left (2, 3)."""
    course, radius = measured.sections.course, measured.sections.radius_mm[at]
    half = len(radius) // 2
    return np.asarray(course.points_mm[at] + np.array([radius[0], -radius[half]])[:, None] * course.across[at])


def _caption(finding: Finding, size: Measurement) -> str:
    interval = f" ({size.low:.1f} to {size.high:.1f})" if size.low is not None and size.high is not None else ""
    axial, lean = finding.measurement("axial_diameter_mm"), finding.measurement("plane_obliquity_deg")
    slanted = f"; {axial.value:.1f} mm in the transverse slice" if axial else ""
    degrees = f"; plane {lean.value:.0f} degrees oblique" if lean else ""
    return f"aorta square to its course: {size.value:.1f} mm{interval}{slanted}{degrees}"


def _arrays(plane: NDArray[np.float32], measured: Measured, prepared: Prepared) -> dict[str, Tensor]:
    course, at = measured.sections.course, measured.at
    wall = _wall_xy(measured)
    places = course.points_mm[at] - wall[:, :1] * course.across[at] + wall[:, 1:] * course.along[at]
    return {
        "plane_hu": plane.astype(np.int16),
        "wall_lps_mm": _lps(places, prepared),
        "course_lps_mm": _lps(course.points_mm, prepared),
    }


def _lps(places_mm: Floats, prepared: Prepared) -> NDArray[np.float32]:
    facts = prepared.facts
    origin = np.array([facts["origin_x_mm"], facts["origin_y_mm"], facts["origin_z_mm"]])
    return np.asarray(places_mm[:, ::-1] + origin, np.float32)


def _facts(measured: Measured, prepared: Prepared, field_mm: float) -> dict[str, float]:
    course, at = measured.sections.course, measured.at
    x, y, z = (float(v) for v in _lps(course.points_mm[at : at + 1], prepared)[0])
    nz, ny, nx = (float(v) for v in course.tangents[at])
    return {
        "plane_x_mm": x, "plane_y_mm": y, "plane_z_mm": z, "normal_x": nx, "normal_y": ny, "normal_z": nz,
        "plane_pixel_mm": _GRID_MM, "picture_pixel_mm": field_mm / _HEIGHT,
    }  # fmt: skip
