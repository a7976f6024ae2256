"""A chest X-ray from a drawn film (Digital X-Ray Image Storage - For Presentation, PS3.3 A.26)."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from pydicom.dataset import FileDataset
from pydicom.uid import DigitalXRayImageStorageForPresentation

from simulator.studies.header import SeriesHeader, StudyHeader, new_instance

_WHITE = 4095
_SPACING_MM = 0.3


def film(study: StudyHeader, picture: NDArray[np.float32], *, view: str) -> FileDataset:
    """Make the one instance of a film; ``picture`` is 0 (black) to 1 (white), axes y,x."""
    series = SeriesHeader(
        number=1,
        sop_class_uid=DigitalXRayImageStorageForPresentation,
        description=f"CHEST {view}",
        image_type=("ORIGINAL", "PRIMARY", ""),
    )
    made = new_instance(study, series, 1)
    made.ViewPosition, made.PatientOrientation = view, ["L", "F"]
    made.PresentationIntentType, made.ImageLaterality = "FOR PRESENTATION", "U"
    made.KVP, made.PixelSpacing, made.ImagerPixelSpacing = 110, [_SPACING_MM] * 2, [_SPACING_MM] * 2
    made.Rows, made.Columns = picture.shape
    made.SamplesPerPixel, made.PhotometricInterpretation = 1, "MONOCHROME2"
    made.BitsAllocated, made.BitsStored, made.HighBit, made.PixelRepresentation = 16, 12, 11, 0
    made.PresentationLUTShape, made.BurnedInAnnotation, made.LossyImageCompression = "IDENTITY", "NO", "00"
    made.RescaleSlope, made.RescaleIntercept, made.RescaleType = 1, 0, "US"
    made.WindowCenter, made.WindowWidth = _WHITE // 2 + 1, _WHITE + 1
    made.PixelIntensityRelationship, made.PixelIntensityRelationshipSign = "LOG", -1
    made.PixelData = np.round(np.clip(picture, 0, 1) * _WHITE).astype("<u2").tobytes()
    return made
