"""The series that ``bench.volume`` reads: a synthetic CTA whose headers look like a scanner's.

Written once per run into a temporary directory: about 155 elements a file, with private groups and sequences, file
names shuffled against slice order. Voxels are smooth anatomy-like blobs with noise and fine bright vessels.
"""

from __future__ import annotations

import random
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pydicom
from pydicom.dataset import Dataset, FileDataset, FileMetaDataset
from pydicom.uid import CTImageStorage, ExplicitVRLittleEndian, generate_uid

SPACING_MM = (0.625, 0.45, 0.45)
"""Between slices, rows and columns: a 230 mm field of view."""
_TEXTS = (
    *("StudyDescription", "ProtocolName", "Manufacturer", "InstitutionName", "StationName", "AccessionNumber"),
    *("StudyID", "ConvolutionKernel", "FilterType", "BodyPartExamined", "ScanOptions", "ManufacturerModelName"),
)
_NUMBERS = ["KVP", "ExposureTime", "XRayTubeCurrent", "Exposure", "TableHeight", "GantryDetectorTilt", "SliceLocation"]
Voxels = npt.NDArray[np.int16]


def voxels(slices: int, side: int, seed: int) -> Voxels:
    """HU of a head-like volume, axes ``z y x``."""
    rng = np.random.default_rng(seed)
    y, x = np.mgrid[-1 : 1 : complex(0, side), -1 : 1 : complex(0, side)]
    radius = np.hypot(x, y * 0.9)
    plane = np.where(radius < 0.78, 40, np.where(radius < 0.86, 900, -1000)).astype(np.float32)
    volume = np.empty((slices, side, side), np.int16)
    for z in range(slices):
        image = plane + rng.normal(0, 25, plane.shape).astype(np.float32)
        for vessel in range(24):
            angle = vessel + z / 60
            row, column = (int(side / 2 + side * 0.3 * f(angle * 1.7)) for f in (np.sin, np.cos))
            image[row : row + 2, column : column + 2] = 380
        volume[z] = image
    return volume


def write_series(folder: Path, volume: Voxels, seed: int) -> list[Path]:
    """Write ``volume`` as one CT series with a stored offset of 1024; returns the files in shuffled order."""
    names = [f"{index:05d}.dcm" for index in range(len(volume))]
    random.Random(seed).shuffle(names)
    study, series, frame = generate_uid(), generate_uid(), generate_uid()
    for z, name in enumerate(names):
        dataset = _header(z, (study, series, frame))
        stored = (volume[z].astype(np.int32) + 1024).astype(np.int16)
        dataset.Rows, dataset.Columns = stored.shape
        dataset.PixelData = stored.tobytes()
        dataset.save_as(folder / name, enforce_file_format=True)
    return sorted(folder.glob("*.dcm"))


def _header(z: int, uids: tuple[str, str, str]) -> FileDataset:
    meta = FileMetaDataset()
    meta.TransferSyntaxUID = ExplicitVRLittleEndian
    meta.MediaStorageSOPClassUID = CTImageStorage
    meta.MediaStorageSOPInstanceUID = generate_uid()
    dataset = FileDataset("", {}, file_meta=meta, preamble=b"\0" * 128)
    _fill_image(dataset, z, uids, meta.MediaStorageSOPInstanceUID)
    _fill_ballast(dataset, z)
    return dataset


def _fill_image(dataset: Dataset, z: int, uids: tuple[str, str, str], sop_uid: str) -> None:
    values: dict[str, Any] = {
        "ImageType": ["ORIGINAL", "PRIMARY", "AXIAL"],
        "SOPClassUID": CTImageStorage,
        "SOPInstanceUID": sop_uid,
        "Modality": "CT",
        "PatientName": "SYNTHETIC^HEAD",
        "PatientID": "SYNTHETIC",
        "StudyInstanceUID": uids[0],
        "SeriesInstanceUID": uids[1],
        "FrameOfReferenceUID": uids[2],
        "SeriesDescription": "CTA HEAD 0.6",
        "InstanceNumber": z + 1,
        "SliceThickness": SPACING_MM[0],
        "PatientPosition": "HFS",
        "ImagePositionPatient": [-115.0, -115.0, round(z * SPACING_MM[0], 3)],
        "ImageOrientationPatient": [1, 0, 0, 0, 1, 0],
        "PixelSpacing": [SPACING_MM[1], SPACING_MM[2]],
        "SamplesPerPixel": 1,
        "PhotometricInterpretation": "MONOCHROME2",
        "BitsAllocated": 16,
        "BitsStored": 16,
        "HighBit": 15,
        "PixelRepresentation": 1,
        "RescaleIntercept": -1024,
        "RescaleSlope": 1,
        "RescaleType": "HU",
        "WindowCenter": [150, 40],
        "WindowWidth": [700, 80],
    }
    for keyword, value in values.items():
        setattr(dataset, keyword, value)


def _fill_ballast(dataset: Dataset, z: int) -> None:
    """Elements that nobody needs and every scanner writes."""
    for keyword in _TEXTS:
        setattr(dataset, keyword, "SYNTHETIC")
    for keyword in [
        "KVP",
        "ExposureTime",
        "XRayTubeCurrent",
        "Exposure",
        "TableHeight",
        "GantryDetectorTilt",
        "SliceLocation",
    ]:
        setattr(dataset, keyword, z % 100)
    code = Dataset()
    code.CodeValue, code.CodingSchemeDesignator, code.CodeMeaning = "1", "99SYN", "synthetic"
    dataset.ProcedureCodeSequence = pydicom.Sequence([code])
    dataset.ReferencedImageSequence = pydicom.Sequence([code, code])
    dataset.AnatomicRegionSequence = pydicom.Sequence([code])
    for group in (0x0009, 0x0019, 0x0043):
        block = dataset.private_block(group, "SYNTHETIC 01", create=True)
        for element in range(32):
            block.add_new(element, "LO" if element % 2 else "DS", f"{z + element}")
