"""From one DICOM film to a radiograph on a model's grid, shown as a radiologist would see it.

The decode worker calls ``read_radiograph``. Order of the grey-scale pipeline (PS3.3 C.11, PS3.4 N.2): modality LUT
(rescale), VOI LUT or window, then inversion for MONOCHROME1; area means last, in display space. Lateral views and
images not meant for presentation are refused here with a reason, before a model could be asked.
"""

from __future__ import annotations

from pathlib import Path
from typing import Final

import numpy as np

from schemas.errors import BadDicom, UnsuitableSeries
from streams.dicom.header import Header
from streams.dicom.pixels import FrameReader
from streams.dicom.resample import Float32, PlaneReducer, band_of, centred
from streams.dicom.scan import scan
from streams.dicom.voi import Voi, apply_voi, read_voi
from triton_models.volume import FilmGrid, Radiograph

MODALITIES: Final = frozenset({"CR", "DX"})
FRONTAL: Final = frozenset({"AP", "PA"})
"""View Position (PS3.3 C.8.1.1.1 and C.8.11.5); a film that states none is read with an empty view."""
_GREY: Final = frozenset({"MONOCHROME1", "MONOCHROME2"})
_MAX_ASPECT: Final = 4.0
MIN_SIDE: Final = 64


def read_radiograph(path: Path, grid: FilmGrid) -> Radiograph:
    """Read the film at ``path`` into ``grid``, aspect ratio kept, letterboxed with 0 (black).

    Raises:
        BadDicom: the instance cannot be read or is not greyscale.
        UnsuitableSeries: not a frontal projection image for presentation.
    """
    header = scan(path)
    check_film(header)
    voi = read_voi(header)
    stored = FrameReader().read(header)
    shown = apply_voi(stored, header, voi)
    if header.photometric == "MONOCHROME1" or voi.inverse:
        np.subtract(1.0, shown, out=shown)
    view = header.view_position if header.view_position in FRONTAL else ""
    return Radiograph(_letterboxed(shown, grid, voi), view, (header.rows, header.columns))


def check_film(header: Header) -> None:
    """Refuse what a chest model must not see.

    Raises:
        UnsuitableSeries: another modality or view, several frames, raw detector data, or too narrow.
        BadDicom: colour.
    """
    if header.modality not in MODALITIES:
        raise UnsuitableSeries("modality is not CR or DX", reason="modality")
    if header.samples != 1 or header.photometric not in _GREY:
        raise BadDicom("film is not greyscale", reason="photometric")
    if header.view_position and header.view_position not in FRONTAL:
        raise UnsuitableSeries("view position is not frontal", reason="lateral_view")
    if header.frames != 1:
        raise UnsuitableSeries("film has several frames", reason="multi_frame")
    if header.presentation == "FOR PROCESSING":
        raise UnsuitableSeries("film is raw detector data, not for presentation", reason="for_processing")
    short, long = sorted((header.rows, header.columns))
    if short < MIN_SIDE or long > _MAX_ASPECT * short:
        raise UnsuitableSeries("film is too small or too narrow for a chest", reason="film_shape")


def _letterboxed(shown: Float32, grid: FilmGrid, voi: Voi) -> Float32:
    """Area-resample so that the longer side (in mm) fills the grid."""
    height, width = shown.shape
    tall_mm, wide_mm = height * voi.spacing[0], width * voi.spacing[1]
    cell_mm = max(tall_mm / grid.shape_yx[0], wide_mm / grid.shape_yx[1])
    rows = band_of(centred(height, grid.shape_yx[0], cell_mm / voi.spacing[0]))
    columns = band_of(centred(width, grid.shape_yx[1], cell_mm / voi.spacing[1]))
    if rows is None or columns is None:  # both are centred, so they always meet
        raise BadDicom("film does not meet the model grid", reason="no_overlap")
    used = shown[rows.lo : rows.hi]
    pixels = PlaneReducer(rows, columns).reduce(used).copy()
    return np.clip(pixels, 0.0, 1.0, out=pixels)
