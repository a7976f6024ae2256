"""Geometry of a segmented vessel: its slices, centreline and diameters.

Used by ``postprocessing.aorta`` and by the evaluation. Pure; knows nothing of thresholds.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

_INSIDE = 0.5
# Steeper than this against the long axis, a transverse slice no longer measures a diameter (cosine of the angle).
_MIN_COSINE = 0.35
_SMOOTH_MM = 6.0
_TRIM = 2
_FINER = 4
_LATTICE_PX = 0.76


@dataclass(frozen=True, slots=True)
class Tube:
    """A vessel, one entry per slice from inferior to superior.

    Attributes:
        slices: z index.
        centres_yx_mm: centroid, in millimetres from the block's first voxel.
        inscribed_mm: diameter of the largest circle inside the wall in the transverse slice. A leaning round tube shows
            an ellipse whose shorter axis is the true diameter, so this needs no correction for its course, and a leak
            of the segmentation into a neighbour does not widen it. Of an oval sac it gives the shorter diameter.
        major_mm, minor_mm: axes of the section square to the course, by second moments; leaks widen the major one.
        volume_ml: volume inside the wall.
    """

    slices: NDArray[np.int64]
    centres_yx_mm: NDArray[np.float64]
    inscribed_mm: NDArray[np.float64]
    major_mm: NDArray[np.float64]
    minor_mm: NDArray[np.float64]
    volume_ml: float


def trace(probability: NDArray[np.float32], spacing_mm: float) -> Tube | None:
    """Trace the longest connected vessel.

    Args:
        probability: axes z,y,x; chance that a voxel lies inside the outer wall.
        spacing_mm: of the cubic voxels.

    Returns:
        The tube, or None when fewer than five slices hold one.
    """
    labels, parents = _label(probability >= _INSIDE)
    body = _largest(labels, parents)
    if body is None:
        return None
    # Partial-volume voxels lie just outside the 0.5 surface: let them count with their probability.
    weights = np.where(_grown(body), probability, 0.0).astype(np.float64)
    slices = np.flatnonzero(body.any(axis=(1, 2)))
    if slices.size <= 2 * _TRIM:
        return None
    moments = np.array([_moments(weights[z]) for z in slices])
    circles = np.array([_inscribed_px(weights[z]) for z in slices]) * spacing_mm
    return _measured(slices, moments, circles, spacing_mm)


def _measured(
    slices: NDArray[np.int64], moments: NDArray[np.float64], circles: NDArray[np.float64], spacing_mm: float
) -> Tube:
    centres = moments[:, 1:3] * spacing_mm
    tangents = _tangents(centres, spacing_mm)
    axes = np.array(
        [_section_axes(moment[3:6], tangent, spacing_mm) for moment, tangent in zip(moments, tangents, strict=True)]
    )
    usable = slice(_TRIM, len(slices) - _TRIM)
    smooth = _median3(np.column_stack([axes, circles]))
    return Tube(
        slices=slices[usable].astype(np.int64),
        centres_yx_mm=centres[usable],
        inscribed_mm=smooth[usable, 2],
        major_mm=smooth[usable, 0],
        minor_mm=smooth[usable, 1],
        volume_ml=float(moments[:, 0].sum()) * spacing_mm**3 / 1000.0,
    )


def _label(mask: NDArray[np.bool_]) -> tuple[NDArray[np.int64], list[int]]:
    """Label components slice by slice, and join those that touch in the next slice (union–find)."""
    labels = np.zeros(mask.shape, np.int64)
    parents = [0]
    for z, plane in enumerate(mask):
        count, local = cv2.connectedComponents(plane.astype(np.uint8), connectivity=8)
        if count <= 1:
            continue
        labels[z] = np.where(local > 0, local + len(parents) - 1, 0)
        parents.extend(range(len(parents), len(parents) + count - 1))
        if z:
            touching = (labels[z] > 0) & (labels[z - 1] > 0)
            for here, below in {
                (int(a), int(b)) for a, b in zip(labels[z][touching], labels[z - 1][touching], strict=True)
            }:
                parents[_root(parents, here)] = _root(parents, below)
    return labels, parents


def _root(parents: list[int], label: int) -> int:
    while parents[label] != label:
        label = parents[label]
    return label


def _largest(labels: NDArray[np.int64], parents: list[int]) -> NDArray[np.bool_] | None:
    roots = np.array([_root(parents, label) for label in range(len(parents))])
    whole = roots[labels]
    sizes = np.bincount(whole.reshape(-1), minlength=1)
    sizes[0] = 0
    if sizes.max() == 0:
        return None
    return np.asarray(whole == int(sizes.argmax()))


def _grown(body: NDArray[np.bool_]) -> NDArray[np.bool_]:
    kernel = np.ones((3, 3), np.uint8)
    return np.array([cv2.dilate(plane.astype(np.uint8), kernel) for plane in body], dtype=bool)


def _inscribed_px(weights: NDArray[np.float64]) -> float:
    """Diameter of the largest circle inside the 0.5 contour, which is drawn finer than the voxels first."""
    rows, columns = np.flatnonzero(weights.any(axis=1)), np.flatnonzero(weights.any(axis=0))
    box = np.pad(weights[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1].astype(np.float32), 1)
    fine = cv2.resize(box, None, fx=_FINER, fy=_FINER, interpolation=cv2.INTER_LINEAR)
    away = cv2.distanceTransform((fine >= _INSIDE).astype(np.uint8), cv2.DIST_L2, cv2.DIST_MASK_PRECISE)
    # The circle's centre lies on a pixel: on average 0.38 pixels beside the best place, so 0.76 short of the diameter.
    return (2.0 * float(np.max(away)) + _LATTICE_PX) / _FINER


def _moments(weights: NDArray[np.float64]) -> tuple[float, float, float, float, float, float]:
    """Area, centroid y, x and covariance yy, yx, xx of one slice, in voxels."""
    m = cv2.moments(weights.astype(np.float32))
    area = max(m["m00"], 1e-9)
    return area, m["m01"] / area, m["m10"] / area, m["mu02"] / area, m["mu11"] / area, m["mu20"] / area


def _tangents(centres: NDArray[np.float64], spacing_mm: float) -> NDArray[np.float64]:
    """Unit direction (z, y, x) of the smoothed centreline at each slice."""
    reach = max(1, round(2 * _SMOOTH_MM / spacing_mm))
    offsets = np.arange(-reach, reach + 1)
    kernel = np.exp(-0.5 * (offsets * spacing_mm / _SMOOTH_MM) ** 2)
    kernel /= kernel.sum()
    padded = np.pad(centres, ((reach, reach), (0, 0)), mode="reflect", reflect_type="odd")
    smooth = np.stack([np.convolve(padded[:, axis], kernel, mode="valid") for axis in range(2)], axis=1)
    slope = np.gradient(smooth, spacing_mm, axis=0)
    direction = np.concatenate([np.ones((len(slope), 1)), slope], axis=1)
    return np.asarray(direction / np.linalg.norm(direction, axis=1, keepdims=True))


def _section_axes(
    covariance: NDArray[np.float64], tangent: NDArray[np.float64], spacing_mm: float
) -> tuple[float, float]:
    """Diameters of the square section: undo the stretch that a tilted tube shows in a transverse slice."""
    cosine = max(float(tangent[0]), _MIN_COSINE)
    lean = tangent[1:3]
    length = float(np.linalg.norm(lean))
    along = lean / length if length > 1e-6 else np.array([1.0, 0.0])  # noqa: PLR2004 - upright within rounding
    shrink = np.eye(2) - (1.0 - cosine) * np.outer(along, along)
    yy, yx, xx = covariance
    # A voxel is a square, not a point: its own spread of 1/12 belongs to no diameter.
    matrix = np.array([[yy - 1 / 12, yx], [yx, xx - 1 / 12]]) * spacing_mm**2
    values = np.linalg.eigvalsh(shrink @ matrix @ shrink.T)
    # A filled ellipse has a variance of (diameter / 4)² along each axis.
    minor, major = (4.0 * math.sqrt(max(float(v), 0.0)) for v in values)
    return major, minor


def _median3(axes: NDArray[np.float64]) -> NDArray[np.float64]:
    padded = np.pad(axes, ((1, 1), (0, 0)), mode="edge")
    return np.asarray(np.median(np.stack([padded[:-2], padded[1:-1], padded[2:]]), axis=0))
