"""Small DICOM series for tests: any orientation, any fault, written to disk with pydicom."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from pydicom.dataset import FileDataset, FileMetaDataset
from pydicom.uid import CTImageStorage, ExplicitVRLittleEndian, generate_uid

STUDY, SERIES = "1.2.826.0.1.3680043.8.498.1", "1.2.826.0.1.3680043.8.498.1.2"
AXIAL = (1.0, 0.0, 0.0, 0.0, 1.0, 0.0)
Image = npt.NDArray[Any]
Edit = Callable[[FileDataset], None]


def image(pixels: Image, position: tuple[float, ...] = (0.0, 0.0, 0.0), **tags: Any) -> FileDataset:
    """A CT image of ``pixels`` (int16, y x); ``tags`` set or replace attributes, None removes one."""
    meta = FileMetaDataset()
    meta.TransferSyntaxUID = ExplicitVRLittleEndian
    meta.MediaStorageSOPClassUID = CTImageStorage
    uid = tags.pop("SOPInstanceUID", None) or generate_uid()
    meta.MediaStorageSOPInstanceUID = uid
    dataset = FileDataset("", {}, file_meta=meta, preamble=b"\0" * 128)
    values: dict[str, Any] = {
        "SOPClassUID": CTImageStorage,
        "SOPInstanceUID": uid,
        "StudyInstanceUID": STUDY,
        "SeriesInstanceUID": SERIES,
        "PatientID": "TEST",
        "Modality": "CT",
        "ImageType": ["ORIGINAL", "PRIMARY", "AXIAL"],
        "ImagePositionPatient": list(position),
        "ImageOrientationPatient": list(AXIAL),
        "PixelSpacing": [1.0, 1.0],
        "SamplesPerPixel": 1,
        "PhotometricInterpretation": "MONOCHROME2",
        "Rows": pixels.shape[0],
        "Columns": pixels.shape[1],
        "BitsAllocated": 16,
        "BitsStored": 16,
        "HighBit": 15,
        "PixelRepresentation": 1,
        "RescaleIntercept": 0,
        "RescaleSlope": 1,
    } | tags
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for keyword in (keyword for keyword, value in values.items() if value is not None):
            setattr(dataset, keyword, values[keyword])
    dataset.PixelData = pixels.tobytes()
    return dataset


def save(dataset: FileDataset, path: Path) -> Path:
    """Write a data set, however wrong; pydicom's warnings about it are what the tests want."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        dataset.save_as(path, enforce_file_format=False)
    return path


def series(folder: Path, volume: Image, *, step_mm: float = 1.0, edit: Edit | None = None, **tags: Any) -> list[Path]:
    """Write ``volume`` (z y x, z superior) as axial slices with their files in scrambled order."""
    paths = []
    for z, pixels in enumerate(volume):
        dataset = image(pixels, (0.0, 0.0, z * step_mm), InstanceNumber=z, **tags)
        if edit is not None:
            edit(dataset)
        paths.append(save(dataset, folder / f"{(z * 7) % 1009:04d}-{z}.dcm"))
    return sorted(paths)


def noise(shape: tuple[int, ...], seed: int = 0) -> npt.NDArray[np.int16]:
    """Random HU."""
    return np.random.default_rng(seed).integers(-1000, 2000, shape).astype(np.int16)
