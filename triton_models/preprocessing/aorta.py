"""Aorta: finds the abdomen in a CT volume and cuts the column around the great vessels that the model reads.

Decides whether there is any abdomen to look at; how much of the aorta it shows is judged after the model has found it.
Called by the analyser; must not look at anything but the volume.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from triton_models.prepared import Prepared, indeterminate, not_applicable
from triton_models.preprocessing.crop import covered_slices, crop_padded, middle_of, to_uint8
from triton_models.volume import PAD_HU, Volume, VolumeGrid

MODEL = "aaa_ct_abdomen"
GRID = VolumeGrid(spacing_mm=(2.0, 2.0, 2.0), shape_yx=(220, 220), max_slices=400)

CROP_ZYX = (208, 128, 128)
WINDOW_HU = (-160.0, 350.0)
# Below this much abdomen there is nothing to measure.
NEEDED_ABDOMEN_MM = 30.0
# A chest scan reaches this far below the lungs without showing the infrarenal aorta.
CHEST_WITH_ABDOMEN_MM = 120.0

_TISSUE_HU = -300.0
_AIR_HU = -450.0
_BODY_CM2 = 250.0
# No trunk fits into a narrower field of view; in a part of one, organs and heights cannot be told.
_LEAST_FIELD_MM = 200.0
# Lungs fill a quarter of a chest slice and more; bowel gas hardly ever fills a tenth.
_LUNG_FRACTION = 0.22
_LUNG_SLICES = 8
# The aorta passes the diaphragm well below the slice in which the lungs begin to fill the chest.
_HIATUS_BELOW_LUNGS_MM = 25.0
_ABOVE_LUNGS_MM = 40.0
_STEP = 2


def prepare(volume: Volume) -> Prepared:
    """Cut and window the model's column.

    Returns:
        Inputs ``volume`` (uint8, 1,1,z,y,x with the axes of ``Volume``), or a refusal; and facts: ``origin_*_mm`` of
        the column, ``spacing_mm``, ``abdomen_mm``, ``covered_mm``, ``low_z_mm`` and ``top_z_mm`` (ends of what the
        source covers of the column), ``hiatus_z_mm`` (where the abdominal aorta begins, or the top where no lung is
        seen), ``lungs`` (1 where lungs are seen).
    """
    dz = volume.spacing_mm[0]
    covered = np.flatnonzero(covered_slices(volume.hu))
    if covered.size == 0:
        return not_applicable("the volume is empty", {})
    body, lung = _profiles(volume)
    trunk = body > _BODY_CM2
    abdomen = trunk & (lung < _LUNG_FRACTION)
    facts = {"covered_mm": covered.size * dz, "abdomen_mm": float(abdomen.sum()) * dz}
    if not trunk.any():
        return not_applicable("no trunk in the volume", facts)
    chest_mm = float((trunk & ~abdomen).sum()) * dz
    if chest_mm > facts["abdomen_mm"] and facts["abdomen_mm"] < CHEST_WITH_ABDOMEN_MM:
        return not_applicable("the scan shows the chest, not the abdomen", facts)
    if _field_mm(volume) < _LEAST_FIELD_MM:
        return indeterminate("the field of view does not hold the trunk", facts)
    if facts["abdomen_mm"] < NEEDED_ABDOMEN_MM:
        return indeterminate("coverage does not include the abdominal aorta", facts)
    lungs = _lowest_lung(trunk & ~abdomen)
    start = _start(volume, (int(covered[0]), int(covered[-1])), lungs, trunk)
    block = crop_padded(volume.hu, start, CROP_ZYX)
    facts |= _origin(volume, start) | _reach(volume, covered, start, lungs)
    return Prepared({"volume": to_uint8(block, *WINDOW_HU)[None, None]}, None, facts)


def _profiles(volume: Volume) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Per slice: cross-section of the body in cm², and the fraction of it that is air inside."""
    thin = volume.hu[:, ::_STEP, ::_STEP]
    tissue = thin > _TISSUE_HU
    inside = np.logical_and(
        np.logical_or.accumulate(tissue, axis=2), np.logical_or.accumulate(tissue[:, :, ::-1], axis=2)[:, :, ::-1]
    )
    cell_cm2 = volume.spacing_mm[1] * volume.spacing_mm[2] * _STEP**2 / 100.0
    area = inside.sum(axis=(1, 2)).astype(np.float64)
    air = (inside & (thin < _AIR_HU)).sum(axis=(1, 2))
    return area * cell_cm2, air / np.maximum(area, 1.0)


def _field_mm(volume: Volume) -> float:
    """The smaller side of what the source covers in plane."""
    seen = volume.hu.max(axis=0) > PAD_HU
    return float(min(seen.any(axis=0).sum() * volume.spacing_mm[2], seen.any(axis=1).sum() * volume.spacing_mm[1]))


def _lowest_lung(chest: NDArray[np.bool_]) -> int | None:
    """First slice from below from which on several slices in a row are chest."""
    runs = np.convolve(chest.astype(np.int64), np.ones(_LUNG_SLICES, np.int64), mode="valid")
    found = np.flatnonzero(runs == _LUNG_SLICES)
    return int(found[0]) if found.size else None


def _start(
    volume: Volume, covered: tuple[int, int], lungs: int | None, trunk: NDArray[np.bool_]
) -> tuple[int, int, int]:
    """Choose the column: from the lungs downwards where they are seen, else the lowest slices."""
    tissue = volume.hu[np.flatnonzero(trunk)[::4]] > _TISSUE_HU
    centre_y = middle_of(tissue.sum(axis=(0, 2)).astype(np.float64))
    centre_x = middle_of(tissue.sum(axis=(0, 1)).astype(np.float64))
    top = covered[1] if lungs is None else lungs + round(_ABOVE_LUNGS_MM / volume.spacing_mm[0])
    lowest = max(covered[0], min(top, covered[1]) + 1 - CROP_ZYX[0])
    return lowest, round(centre_y) - CROP_ZYX[1] // 2, round(centre_x) - CROP_ZYX[2] // 2


def _origin(volume: Volume, start: tuple[int, int, int]) -> dict[str, float]:
    dz, dy, dx = volume.spacing_mm
    ox, oy, oz = volume.origin_lps_mm
    return {
        "origin_x_mm": ox + start[2] * dx,
        "origin_y_mm": oy + start[1] * dy,
        "origin_z_mm": oz + start[0] * dz,
        "spacing_mm": dz,
    }


def _reach(
    volume: Volume, covered: NDArray[np.int64], start: tuple[int, int, int], lungs: int | None
) -> dict[str, float]:
    dz, oz = volume.spacing_mm[0], volume.origin_lps_mm[2]
    last = min(int(covered[-1]), start[0] + CROP_ZYX[0] - 1)
    top = oz + last * dz
    hiatus = top if lungs is None else min(oz + lungs * dz - _HIATUS_BELOW_LUNGS_MM, top)
    return {"low_z_mm": oz + start[0] * dz, "top_z_mm": top, "hiatus_z_mm": hiatus, "lungs": float(lungs is not None)}
