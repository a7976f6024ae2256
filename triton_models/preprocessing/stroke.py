"""Stroke: finds the head in a CTA volume and cuts the block around the circle of Willis that the model reads.

Decides whether the volume can be asked at all: a head, seen from the vertex down past the circle of Willis, with
arterial contrast. Called by the analyser; must not look at anything but the volume.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from triton_models.prepared import Prepared, indeterminate, not_applicable
from triton_models.preprocessing.crop import covered_slices, crop_padded, middle_of, to_uint8
from triton_models.volume import Volume, VolumeGrid

MODEL = "lvo_cta_head"
GRID = VolumeGrid(spacing_mm=(1.5, 1.5, 1.5), shape_yx=(160, 160), max_slices=160)

CROP_ZYX = (96, 128, 128)
WINDOW_HU = (-40.0, 600.0)
# The block starts this far below the vertex; the circle of Willis lies some 85–115 mm below it.
CROP_TOP_MM = 30.0
# Below the vertex the source must reach at least this far: past the basilar tip and the carotid ends.
NEEDED_BELOW_VERTEX_MM = 125.0

_TISSUE_HU = -300.0
_BONE_HU = 350.0
_VERTEX_AREA_CM2 = 15.0
_CUT_VERTEX_AREA_CM2 = 70.0
_HEAD_BONE_ML = 60.0
# Enhanced arteries and veins, away from bone. The limits are set on phantoms and on two real non-contrast heads.
_ARTERIAL_HU = (150.0, 600.0)
_NEAR_BONE_MM = 13.5
_NEAR_BONE_MEAN_HU = 110.0
_CONTRAST_ML = 1.0


@dataclass(frozen=True, slots=True)
class _Head:
    """Where the head is, in voxels of the grid."""

    vertex: int
    centre_yx: tuple[float, float]
    below_vertex_mm: float


def prepare(volume: Volume) -> Prepared:
    """Cut and window the model's block.

    Returns:
        Inputs ``volume`` (uint8, 1,1,z,y,x with the axes of ``Volume``), and facts: ``origin_*_mm`` of the block,
        ``spacing_mm``, ``midline_x_mm``, ``below_vertex_mm``, ``arterial_ml``; or a refusal.
    """
    areas = _tissue_areas_cm2(volume)
    top = _vertex(areas)
    if top is None:
        return not_applicable("no head in the volume", {})
    if _vertex_cut(volume, areas):
        return indeterminate("coverage does not include the vertex", {})
    head = _locate(volume, top)
    facts = _facts(volume, head)
    if facts["bone_ml"] < _HEAD_BONE_ML:
        return not_applicable("no head in the volume", facts)
    if head.below_vertex_mm < NEEDED_BELOW_VERTEX_MM:
        return indeterminate("coverage does not include the circle of Willis", facts)
    if facts["arterial_ml"] < _CONTRAST_ML:
        return indeterminate("no contrast", facts)
    block = crop_padded(volume.hu, _start(volume, head), CROP_ZYX)
    return Prepared({"volume": to_uint8(block, *WINDOW_HU)[None, None]}, None, facts)


def _tissue_areas_cm2(volume: Volume) -> NDArray[np.float64]:
    """Cross-section of everything denser than fat-filled air, per slice."""
    _, dy, dx = volume.spacing_mm
    counts = (volume.hu > _TISSUE_HU).sum(axis=(1, 2))
    return np.asarray(counts * (dy * dx / 100.0))


def _vertex(areas: NDArray[np.float64]) -> int | None:
    """Find the highest slice that holds head."""
    above = np.flatnonzero(areas > _VERTEX_AREA_CM2)
    return int(above[-1]) if above.size else None


def _vertex_cut(volume: Volume, areas: NDArray[np.float64]) -> bool:
    """A scan whose uppermost slice is already wide does not show the vertex."""
    covered = np.flatnonzero(covered_slices(volume.hu))
    return bool(areas[covered[-1]] > _CUT_VERTEX_AREA_CM2)


def _locate(volume: Volume, vertex: int) -> _Head:
    dz = volume.spacing_mm[0]
    low, high = max(vertex - round(110 / dz), 0), max(vertex - round(25 / dz), 1)
    bone = volume.hu[low:high] > _BONE_HU
    centre_y = middle_of(bone.sum(axis=(0, 2)).astype(np.float64))
    centre_x = middle_of(bone.sum(axis=(0, 1)).astype(np.float64))
    lowest = int(np.flatnonzero(covered_slices(volume.hu))[0])
    return _Head(vertex, (centre_y, centre_x), (vertex - lowest) * dz)


def _start(volume: Volume, head: _Head) -> tuple[int, int, int]:
    top = head.vertex - round(CROP_TOP_MM / volume.spacing_mm[0])
    return (
        top - CROP_ZYX[0] + 1,
        round(head.centre_yx[0]) - CROP_ZYX[1] // 2,
        round(head.centre_yx[1]) - CROP_ZYX[2] // 2,
    )


def _facts(volume: Volume, head: _Head) -> dict[str, float]:
    dz, dy, dx = volume.spacing_mm
    z, y, x = _start(volume, head)
    ox, oy, oz = volume.origin_lps_mm
    skull = volume.hu[max(head.vertex - round(110 / dz), 0) : head.vertex]
    return {
        "origin_x_mm": ox + x * dx,
        "origin_y_mm": oy + y * dy,
        "origin_z_mm": oz + z * dz,
        "spacing_mm": dz,
        # The block is centred on the skull: its middle is the patient's, so mirrored voxels are mirrored anatomy.
        "midline_x_mm": ox + (x + (CROP_ZYX[2] - 1) / 2) * dx,
        "below_vertex_mm": head.below_vertex_mm,
        "bone_ml": float((skull > _BONE_HU).sum()) * dz * dy * dx / 1000.0,
        "arterial_ml": _arterial_ml(volume, head),
    }


def _arterial_ml(volume: Volume, head: _Head) -> float:
    """Volume of bright voxels in the middle of the head that are not beside bone, in millilitres."""
    dz, dy, dx = volume.spacing_mm
    low, high = max(head.vertex - round(125 / dz), 0), max(head.vertex - round(40 / dz), 1)
    y, x = round(head.centre_yx[0]), round(head.centre_yx[1])
    ry, rx = round(70 / dy), round(52 / dx)
    box = volume.hu[low:high, max(y - ry, 0) : y + ry, max(x - rx, 0) : x + rx]
    size = round(_NEAR_BONE_MM / dx)
    total = 0
    for plane in box:
        around = cv2.blur(np.ascontiguousarray(plane), (size, size))
        bright = (plane > _ARTERIAL_HU[0]) & (plane < _ARTERIAL_HU[1]) & (around < _NEAR_BONE_MEAN_HU)
        total += int(bright.sum())
    return total * dz * dy * dx / 1000.0
