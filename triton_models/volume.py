"""Value objects between the DICOM layer and the models: what a pathway wants, and what it gets.

``streams/dicom`` fills ``Volume`` and ``Radiograph`` straight into the grid that a pathway's preprocessing names.
Nothing here reads files or knows a model.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

PAD_HU = -1024.0
"""Value of a voxel that no source voxel covers: air at the lower end of the 12-bit CT scale."""

FloatArray = npt.NDArray[np.floating[Any]]


@dataclass(frozen=True, slots=True)
class Volume:
    """A CT volume on a model grid, array axes ``z y x``.

    z grows to superior, y to posterior, x to the patient's left (LPS). Each voxel of ``hu`` (float32, HU) is the
    exact area mean of the source voxels; voxels that the source does not cover hold ``PAD_HU``.
    ``spacing_mm`` is in the order z, y, x; ``origin_lps_mm`` (x, y, z) is the centre of voxel (0, 0, 0).
    """

    hu: FloatArray
    spacing_mm: tuple[float, float, float]
    origin_lps_mm: tuple[float, float, float]
    source_spacing_mm: tuple[float, float, float]
    source_slices: int


@dataclass(frozen=True, slots=True)
class Radiograph:
    """A film on a model grid, array axes ``y x``; 0 is black (air), 1 is white (dense).

    ``pixels`` (float32) are taken after MONOCHROME1 inversion and VOI LUT, area-resampled with the aspect ratio
    kept and letterboxed with 0. ``view`` is "AP", "PA" or empty.
    """

    pixels: FloatArray
    view: str
    source_shape: tuple[int, int]


@dataclass(frozen=True, slots=True)
class VolumeGrid:
    """The grid a CT model wants: fixed in plane and centred on the image; in z as many slices as the source covers.

    ``spacing_mm`` is in the order z, y, x. At most ``max_slices`` are taken, counted from the superior end.
    """

    spacing_mm: tuple[float, float, float]
    shape_yx: tuple[int, int]
    max_slices: int


@dataclass(frozen=True, slots=True)
class FilmGrid:
    """The grid a film model wants, axes ``y x``."""

    shape_yx: tuple[int, int]
