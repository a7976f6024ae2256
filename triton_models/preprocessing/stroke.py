"""Stroke: finds the head in a CTA volume, lays it straight, and cuts the slabs around the circle of Willis.

Decides whether the volume can be asked at all: a head, seen from near the vertex down past the circle of Willis, with
arterial contrast, held still. Called by the analyser; must not look at anything but the volume.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from triton_models.prepared import Prepared, indeterminate, not_applicable
from triton_models.preprocessing.adequacy import motion_mm, vein_level_hu
from triton_models.preprocessing.crop import covered_slices, crop_padded, middle_of
from triton_models.preprocessing.symmetry import Mirror, mirror_line, source_of, straightened
from triton_models.preprocessing.vessels import SLAB_MM, Contrast, contrast_of, slabs
from triton_models.volume import Volume, VolumeGrid

MODEL = "lvo_cta_head"
GRID = VolumeGrid(spacing_mm=(1.0, 1.0, 1.0), shape_yx=(224, 224), max_slices=200)

# The block of the model, in mm: it ends 30 mm below the vertex; the circle of Willis lies 75-115 mm below it.
CROP_ZYX = (120, 128, 128)
SLABS_ZYX = (CROP_ZYX[0] // SLAB_MM, *CROP_ZYX[1:])
CROP_TOP_MM = 30
# The circle of Willis lies in front of the head's middle.
CROP_FORWARD_MM = 14.0
# Below the vertex the source must reach at least this far: past the basilar tip and the carotid ends.
NEEDED_BELOW_VERTEX_MM = 112.0
# So much may be missing at the top: the branches of the middle cerebral artery lie below.
_MISSING_TOP_MM = 35.0

_TISSUE_HU = -300.0
_BONE_HU = 350.0
_VERTEX_AREA_CM2 = 15.0
_CUT_VERTEX_AREA_CM2 = 40.0
_HEAD_BONE_ML = 60.0
_AIR_HU = -1000.0
_SHELL_MM = 110.0
# Half height of the dome of the head, by which a missing vertex is placed.
_DOME_MM = 85.0
# So much of the arteries must be seen; the limit is set on phantoms and on a real non-contrast head (0.5 ml).
_CONTRAST_ML = 0.6
# Late in the bolus the arteries are fainter than this while the veins are brighter than they, by this factor.
_FAINT_HU, _LATE = 170.0, 1.2
_FULL_VEIN_HU = 150.0
_MOTION_MM = 1.5
_BEHIND_ZYX = (120, 72, 30)


@dataclass(frozen=True, slots=True)
class _Head:
    """Where the head is, in voxels of the grid; the vertex may lie above the uppermost slice."""

    vertex: int
    centre_yx: tuple[float, float]
    below_vertex_mm: float
    bone_ml: float


@dataclass(frozen=True, slots=True)
class _Straight:
    """The block laid straight, the middle of the back of the head, and how and from where they were cut."""

    block: NDArray[np.float32]
    behind: NDArray[np.float32]
    turn: Mirror
    bottom: int
    row: int


def prepare(volume: Volume) -> Prepared:
    """Cut the model's slabs.

    Returns:
        Input ``slabs`` (uint8, 1,2,z,y,x: superior, posterior, left; the midline lies between the two middle columns),
        and facts: ``origin_*_mm`` of the block's first voxel, ``step_<axis>_*_mm`` per voxel of 1 mm along z, y, x,
        ``below_vertex_mm``, ``artery_hu``, ``bright_ml``, ``vein_hu``,
        ``motion_mm``; or a refusal.
    """
    areas = _tissue_areas_cm2(volume)
    covered = np.flatnonzero(covered_slices(volume.hu))
    top = _vertex(areas)
    if top is None or covered.size == 0:
        return not_applicable("no head in the volume", {})
    missing = _missing_top_mm(areas, covered)
    if missing > _MISSING_TOP_MM:
        return indeterminate("coverage does not include the vertex", {})
    head = _locate(volume, top + round(missing / volume.spacing_mm[0]), int(covered[0]))
    facts = {"below_vertex_mm": head.below_vertex_mm, "bone_ml": head.bone_ml}
    if head.bone_ml < _HEAD_BONE_ML:
        return not_applicable("no head in the volume", facts)
    if head.below_vertex_mm < NEEDED_BELOW_VERTEX_MM:
        return indeterminate("coverage does not include the circle of Willis", facts)
    return _asked(volume, head, facts)


def _asked(volume: Volume, head: _Head, facts: dict[str, float]) -> Prepared:
    straight = _straighten(volume, head)
    contrast = contrast_of(straight.block)
    veins_hu = vein_level_hu(straight.behind)
    facts |= {"artery_hu": contrast.artery_hu, "bright_ml": contrast.bright_ml, "vein_hu": veins_hu}
    facts |= {"motion_mm": motion_mm(_vault(volume, head)), **_placed(volume, straight)}
    reason = _inadequate(contrast, veins_hu, facts["motion_mm"])
    if reason:
        return indeterminate(reason, facts)
    return Prepared({"slabs": slabs(straight.block, contrast.artery_hu)[None]}, None, facts)


def _tissue_areas_cm2(volume: Volume) -> NDArray[np.float64]:
    """Cross-section of everything denser than fat-filled air, per slice."""
    _, dy, dx = volume.spacing_mm
    counts = (volume.hu > _TISSUE_HU).sum(axis=(1, 2))
    return np.asarray(counts * (dy * dx / 100.0))


def _vertex(areas: NDArray[np.float64]) -> int | None:
    """Find the highest slice that holds head."""
    above = np.flatnonzero(areas > _VERTEX_AREA_CM2)
    return int(above[-1]) if above.size else None


def _missing_top_mm(areas: NDArray[np.float64], covered: NDArray[np.intp]) -> float:
    """How much of the head lies above the uppermost slice, by the size of that section of the dome."""
    uppermost, widest = float(areas[covered[-1]]), float(areas.max())
    if uppermost <= _CUT_VERTEX_AREA_CM2:
        return 0.0
    return float(_DOME_MM * (1.0 - np.sqrt(max(0.0, 1.0 - min(uppermost / widest, 1.0)))))


def _locate(volume: Volume, vertex: int, lowest: int) -> _Head:
    dz, dy, dx = volume.spacing_mm
    low, high = max(vertex - round(_SHELL_MM / dz), 0), max(vertex - round(25 / dz), 1)
    bone = volume.hu[low : min(vertex, volume.hu.shape[0])] > _BONE_HU
    shell = bone[: high - low]
    centre_y = middle_of(shell.sum(axis=(0, 2)).astype(np.float64))
    centre_x = middle_of(shell.sum(axis=(0, 1)).astype(np.float64))
    bone_ml = float(bone.sum()) * dz * dy * dx / 1000.0
    return _Head(vertex, (centre_y, centre_x), (vertex - lowest) * dz, bone_ml)


def _straighten(volume: Volume, head: _Head) -> _Straight:
    """Undo the turn about the long axis, and cut the block: its middle column is the midline."""
    size = volume.hu.shape[2]
    turn = mirror_line(_from_above(volume, head))
    bottom = head.vertex - CROP_TOP_MM - CROP_ZYX[0] + 1
    row = round(head.centre_yx[0] - CROP_FORWARD_MM) - CROP_ZYX[1] // 2
    whole = crop_padded(volume.hu, (bottom, 0, 0), (CROP_ZYX[0], size, size), fill=_AIR_HU)
    turned = np.stack([straightened(plane, turn, _AIR_HU) for plane in whole])
    start = (0, row, size // 2 - CROP_ZYX[2] // 2)
    back = (0, row + CROP_ZYX[1] - _BEHIND_ZYX[1] // 3, size // 2 - _BEHIND_ZYX[2] // 2)
    behind = crop_padded(turned, back, _BEHIND_ZYX, fill=_AIR_HU)
    return _Straight(crop_padded(turned, start, CROP_ZYX, fill=_AIR_HU), behind, turn, bottom, row)


def _from_above(volume: Volume, head: _Head) -> NDArray[np.float32]:
    """The head's bone seen from above."""
    low, high = max(head.vertex - round(_SHELL_MM), 0), max(head.vertex - 10, 1)
    return np.asarray(_bone_weight(volume.hu[low:high]).sum(axis=0, dtype=np.float32))


def _inadequate(contrast: Contrast, veins_hu: float, motion: float) -> str:
    """Why arteries cannot be judged, or nothing."""
    empty = contrast.bright_ml < _CONTRAST_ML
    late = empty or contrast.artery_hu < _FAINT_HU
    if late and veins_hu > max(_FULL_VEIN_HU, _LATE * contrast.artery_hu * (not empty)):
        return "wrong phase: veins fuller than arteries"
    if empty:
        return "no contrast"
    return "motion" if motion > _MOTION_MM else ""


def _vault(volume: Volume, head: _Head) -> NDArray[np.float32]:
    """The slices between 20 and 80 mm below the vertex."""
    return volume.hu[max(head.vertex - 80, 0) : max(head.vertex - 20, 1)]


def _bone_weight(hu: NDArray[np.float32]) -> NDArray[np.float32]:
    return np.asarray(np.clip(hu - 200.0, 0.0, 600.0))


def _placed(volume: Volume, straight: _Straight) -> dict[str, float]:
    """Say where the block's voxels lie in the patient: the inverse of what straightening did."""
    points = [_grid_point(volume, straight, at) for at in ((0, 0, 0), (1, 0, 0), (0, 1, 0), (0, 0, 1))]
    facts = {f"origin_{axis}_mm": points[0][k] for k, axis in enumerate("xyz")}
    for name, point in zip("zyx", points[1:], strict=True):
        facts |= {f"step_{name}_{axis}_mm": point[k] - points[0][k] for k, axis in enumerate("xyz")}
    return facts


def _grid_point(volume: Volume, straight: _Straight, at: tuple[int, int, int]) -> tuple[float, float, float]:
    size = volume.hu.shape[2]
    z, y, x = at
    column = x + size // 2 - CROP_ZYX[2] // 2
    y_grid, x_grid = source_of(straight.turn, y + straight.row, column, (size, size))
    dz, dy, dx = volume.spacing_mm
    ox, oy, oz = volume.origin_lps_mm
    return ox + x_grid * dx, oy + y_grid * dy, oz + (z + straight.bottom) * dz
