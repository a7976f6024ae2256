"""CT series from phantom volumes (CT Image Storage, PS3.3 A.3), and the localizer that every scanner sends too."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from pydicom.dataset import FileDataset
from pydicom.uid import CTImageStorage

from simulator.studies.header import SeriesHeader, StudyHeader, new_instance

_INTERCEPT = -1024
_LOCALIZER_MM = 1.5


@dataclass(frozen=True, slots=True, kw_only=True)
class Scan:
    """A rendered volume: int16 HU, axes z,y,x growing to superior, posterior and the patient's left."""

    hu: NDArray[np.int16]
    spacing_mm: tuple[float, float, float]
    origin_lps_mm: tuple[float, float, float]
    contrast: bool
    kernel: str = "H30f"


def slices(study: StudyHeader, scan: Scan, *, number: int, description: str) -> Iterator[FileDataset]:
    """Yield the axial slices from the head down, as a scanner numbers them."""
    series = SeriesHeader(
        number=number,
        sop_class_uid=CTImageStorage,
        description=description,
        image_type=("ORIGINAL", "PRIMARY", "AXIAL"),
    )
    count = scan.hu.shape[0]
    for index in range(count):
        z = count - 1 - index
        made = new_instance(study, series, index + 1)
        _acquisition(made, scan)
        _plane(made, study, scan, z)
        _pixels(made, scan.hu[z])
        yield made


def localizer(study: StudyHeader, scan: Scan, *, number: int) -> FileDataset:
    """A frontal scout: the mean along y, one coronal image."""
    series = SeriesHeader(
        number=number,
        sop_class_uid=CTImageStorage,
        description="SCOUT",
        image_type=("ORIGINAL", "PRIMARY", "LOCALIZER"),
    )
    made = new_instance(study, series, 1)
    _acquisition(made, scan)
    dz, _, dx = scan.spacing_mm
    x, y, z = scan.origin_lps_mm
    made.FrameOfReferenceUID, made.PositionReferenceIndicator = f"{study.root}.9", ""
    made.ImageOrientationPatient = [1, 0, 0, 0, 0, -1]
    made.ImagePositionPatient = [x, y, z + dz * (scan.hu.shape[0] - 1)]
    made.PixelSpacing, made.SliceThickness = [dz, dx], _LOCALIZER_MM
    _pixels(made, scan.hu[::-1].mean(axis=1).astype(np.int16))
    return made


def _acquisition(made: FileDataset, scan: Scan) -> None:
    made.KVP, made.ConvolutionKernel = 120, scan.kernel
    made.PatientPosition, made.GantryDetectorTilt = "HFS", 0
    made.AcquisitionNumber, made.XRayTubeCurrent, made.ExposureTime = 1, 250, 500
    if scan.contrast:
        made.ContrastBolusAgent, made.ContrastBolusRoute = "SYNTHETIC IODINE", "IV"


def _plane(made: FileDataset, study: StudyHeader, scan: Scan, z: int) -> None:
    dz, dy, dx = scan.spacing_mm
    x0, y0, z0 = scan.origin_lps_mm
    made.FrameOfReferenceUID, made.PositionReferenceIndicator = f"{study.root}.9", ""
    made.ImageOrientationPatient = [1, 0, 0, 0, 1, 0]
    made.ImagePositionPatient = [round(x0, 4), round(y0, 4), round(z0 + z * dz, 4)]
    made.PixelSpacing, made.SliceThickness = [dy, dx], dz
    made.SpacingBetweenSlices, made.SliceLocation = dz, round(z0 + z * dz, 4)


def _pixels(made: FileDataset, hu: NDArray[np.int16]) -> None:
    made.Rows, made.Columns = hu.shape
    made.SamplesPerPixel, made.PhotometricInterpretation = 1, "MONOCHROME2"
    made.BitsAllocated, made.BitsStored, made.HighBit, made.PixelRepresentation = 16, 16, 15, 1
    made.RescaleSlope, made.RescaleIntercept, made.RescaleType = 1, _INTERCEPT, "HU"
    made.WindowCenter, made.WindowWidth = 40, 400
    made.PixelData = np.ascontiguousarray(hu - _INTERCEPT).astype("<i2").tobytes()
