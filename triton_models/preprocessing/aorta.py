"""Aorta: finds the abdomen in a CT volume and cuts the column around the great vessels that the model reads.

Decides whether enough abdomen is covered. Called by the analyser; must not look at anything but the volume.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from triton_models.prepared import Prepared, indeterminate, not_applicable
from triton_models.preprocessing.crop import covered_slices, crop_padded, middle_of, to_uint8
from triton_models.volume import Volume, VolumeGrid

MODEL = "aaa_ct_abdomen"
GRID = VolumeGrid(spacing_mm=(2.5, 2.5, 2.5), shape_yx=(160, 160), max_slices=280)

CROP_ZYX = (160, 96, 96)
WINDOW_HU = (-160.0, 350.0)
# From the crossing of the diaphragm to the bifurcation are some 150–200 mm; less cannot exclude an aneurysm.
NEEDED_ABDOMEN_MM = 150.0

_TISSUE_HU = -300.0
_AIR_HU = -450.0
_BODY_CM2 = 250.0
# Lungs fill a quarter of a chest slice and more; bowel gas hardly ever fills a tenth.
_LUNG_FRACTION = 0.22
_STEP = 2


def prepare(volume: Volume) -> Prepared:
    """Cut and window the model's column: the lowest ``CROP_ZYX[0]`` slices that the source covers.

    Returns:
        Inputs ``volume`` (uint8, 1,1,z,y,x with the axes of ``Volume``), and facts: ``origin_*_mm`` of the column,
        ``spacing_mm``, ``abdomen_mm``, ``covered_mm``; or a refusal.
    """
    dz = volume.spacing_mm[0]
    covered = np.flatnonzero(covered_slices(volume.hu))
    if covered.size == 0:
        return not_applicable("the volume is empty", {})
    body, lung = _profiles(volume)
    trunk = body > _BODY_CM2
    facts = {
        "covered_mm": covered.size * dz,
        "abdomen_mm": float((trunk & (lung < _LUNG_FRACTION)).sum()) * dz,
    }
    if not trunk.any():
        return not_applicable("no trunk in the volume", facts)
    if facts["abdomen_mm"] < NEEDED_ABDOMEN_MM:
        return indeterminate("coverage does not include the abdominal aorta", facts)
    start = _start(volume, int(covered[0]), trunk)
    block = crop_padded(volume.hu, start, CROP_ZYX)
    return Prepared({"volume": to_uint8(block, *WINDOW_HU)[None, None]}, None, facts | _origin(volume, start))


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


def _start(volume: Volume, lowest: int, trunk: NDArray[np.bool_]) -> tuple[int, int, int]:
    tissue = volume.hu[np.flatnonzero(trunk)[::4]] > _TISSUE_HU
    centre_y = middle_of(tissue.sum(axis=(0, 2)).astype(np.float64))
    centre_x = middle_of(tissue.sum(axis=(0, 1)).astype(np.float64))
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
