"""A chest X-ray from a drawn film: Computed Radiography (PS3.3 A.2) or Digital X-Ray For Presentation (PS3.3 A.26).

Called by ``render``. A plate is sent as MONOCHROME1 (low values are white), a detector's film as MONOCHROME2, as many
devices do: both must look the same to a reader.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from pydicom.dataset import Dataset, FileDataset
from pydicom.sequence import Sequence
from pydicom.uid import ComputedRadiographyImageStorage, DigitalXRayImageStorageForPresentation

from simulator.specs import FilmModality
from simulator.studies.header import SeriesHeader, StudyHeader, new_instance

_WHITE = 4095
_SPACING_MM = 0.3
_SOP_CLASS = {
    FilmModality.CR: ComputedRadiographyImageStorage,
    FilmModality.DX: DigitalXRayImageStorageForPresentation,
}
_CHEST = ("51185008", "Chest")  # PS3.16 CID 4031
_VIEW_CODE = {"PA": ("399348003", "postero-anterior"), "AP": ("399131003", "antero-posterior")}  # PS3.16 CID 4010


def film(study: StudyHeader, picture: NDArray[np.float32], *, view: str) -> FileDataset:
    """Make the one instance of a film; ``picture`` is 0 (black) to 1 (white), axes y,x.

    The modality of ``study`` chooses the kind of film.
    """
    modality = FilmModality(study.modality)
    series = SeriesHeader(
        number=1,
        sop_class_uid=_SOP_CLASS[modality],
        description=f"CHEST {view}",
        image_type=("ORIGINAL", "PRIMARY", ""),
    )
    made = new_instance(study, series, 1)
    made.ViewPosition, made.PatientOrientation, made.KVP = view, ["L", "F"], 110
    made.PixelSpacing, made.ImagerPixelSpacing = [_SPACING_MM] * 2, [_SPACING_MM] * 2
    made.BurnedInAnnotation, made.LossyImageCompression = "NO", "00"
    made.RescaleSlope, made.RescaleIntercept, made.RescaleType = 1, 0, "US"
    made.WindowCenter, made.WindowWidth = _WHITE // 2 + 1, _WHITE + 1
    if modality is FilmModality.DX:
        _detector(made, view)
    _pixels(made, picture, white_is_low=modality is FilmModality.CR)
    return made


def _detector(made: FileDataset, view: str) -> None:
    """DX Series, Anatomy Imaged, Image, Detector and Positioning (PS3.3 C.8.11.1 to C.8.11.5)."""
    made.PresentationIntentType, made.ImageLaterality = "FOR PRESENTATION", "U"
    made.PixelIntensityRelationship, made.PixelIntensityRelationshipSign = "LOG", -1
    made.DetectorType, made.PositionerType = "DIRECT", "NONE"
    made.AnatomicRegionSequence = _code(*_CHEST)
    made.AcquisitionContextSequence = Sequence([])
    if view in _VIEW_CODE:
        made.ViewCodeSequence = _code(*_VIEW_CODE[view])


def _code(value: str, meaning: str) -> Sequence:
    """One SNOMED CT concept (PS3.3 table 8.8-1)."""
    item = Dataset()
    item.CodeValue, item.CodingSchemeDesignator, item.CodeMeaning = value, "SCT", meaning
    return Sequence([item])


def _pixels(made: FileDataset, picture: NDArray[np.float32], *, white_is_low: bool) -> None:
    stored = np.round(np.clip(picture, 0, 1) * _WHITE).astype("<u2")
    made.PhotometricInterpretation = "MONOCHROME1" if white_is_low else "MONOCHROME2"
    made.PresentationLUTShape = "INVERSE" if white_is_low else "IDENTITY"
    made.Rows, made.Columns, made.SamplesPerPixel = *picture.shape, 1
    made.BitsAllocated, made.BitsStored, made.HighBit, made.PixelRepresentation = 16, 12, 11, 0
    made.PixelData = (_WHITE - stored if white_is_low else stored).tobytes()
