"""What the DICOM layer hands to a pathway, and the grid that a pathway asks for.

Decides the axis conventions of every array between the decoder and the models. The DICOM layer builds these
values, ``preprocessing`` reads them; nothing here does I/O or resampling.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

# Below air (-1000 HU), so that "outside the source" can be told from everything a scanner measures.
PAD_HU = -1024.0


@dataclass(frozen=True, slots=True)
class Volume:
    """A CT volume on a pathway's grid.

    Attributes:
        hu: float32, axes z,y,x: z grows to superior, y to posterior, x to the patient's left (LPS, PS3.3
            C.7.6.2.1.1); each value is the exact area mean of the source, ``PAD_HU`` where the source has none.
        spacing_mm: distance of voxel centres along z, y, x.
        origin_lps_mm: x, y, z of the centre of voxel (0, 0, 0).
        source_spacing_mm: z, y, x spacing of the images it came from.
        source_slices: how many slices the source had.
    """

    hu: NDArray[np.float32]
    spacing_mm: tuple[float, float, float]
    origin_lps_mm: tuple[float, float, float]
    source_spacing_mm: tuple[float, float, float]
    source_slices: int


@dataclass(frozen=True, slots=True)
class Radiograph:
    """A film on a pathway's grid.

    Attributes:
        pixels: float32, axes y,x, area mean of the source, aspect ratio kept, letterboxed with 0; 0 is black (air)
            and 1 is white (dense) after MONOCHROME1 inversion and VOI LUT.
        view: ``AP``, ``PA`` or empty where the header does not say.
        source_shape: rows, columns of the image it came from.
    """

    pixels: NDArray[np.float32]
    view: str
    source_shape: tuple[int, int]


@dataclass(frozen=True, slots=True)
class VolumeGrid:
    """The grid a CT pathway wants: fixed in plane, centred on the image; along z what the source covers.

    Attributes:
        spacing_mm: z, y, x.
        shape_yx: rows, columns.
        max_slices: at most this many grid slices, counted from the superior end.
    """

    spacing_mm: tuple[float, float, float]
    shape_yx: tuple[int, int]
    max_slices: int


@dataclass(frozen=True, slots=True)
class FilmGrid:
    """The grid a film pathway wants: rows, columns."""

    shape_yx: tuple[int, int]
