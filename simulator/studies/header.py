"""Headers that all synthetic instances share: patient, study, series, equipment, SOP common (PS3.3 C.7, C.12)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

import numpy as np
from pydicom.dataset import Dataset, FileDataset, FileMetaDataset
from pydicom.uid import UID, ExplicitVRLittleEndian

from simulator.patients import Patient

IMPLEMENTATION_UID = UID("2.25.20260301")
NOTICE = "SYNTHETIC IMAGE: no real person, not for clinical use"


@dataclass(frozen=True, slots=True, kw_only=True)
class StudyHeader:
    """What every instance of a study repeats; ``root`` is the prefix of its UIDs."""

    root: str
    patient: Patient
    modality: str
    description: str
    body_part: str
    priority: str
    taken_at: datetime

    @property
    def study_uid(self) -> str:
        """StudyInstanceUID."""
        return f"{self.root}.0"

    def series_uid(self, number: int) -> str:
        """SeriesInstanceUID of series ``number``."""
        return f"{self.root}.{number}"


@dataclass(frozen=True, slots=True, kw_only=True)
class SeriesHeader:
    """What every instance of a series repeats."""

    number: int
    sop_class_uid: str
    description: str
    image_type: tuple[str, ...]


def uid_root(seed: int, number: int) -> str:
    """A root under 2.25 (UUID-derived UIDs, PS3.5 B.2) that is the same every time."""
    return f"2.25.{int(np.random.default_rng([seed, number, 11]).integers(10**17, 10**18))}"


def new_instance(study: StudyHeader, series: SeriesHeader, number: int) -> FileDataset:
    """Make instance ``number`` (from 1) of a series, without pixels."""
    sop_uid = f"{study.series_uid(series.number)}.{number}"
    meta = FileMetaDataset()
    meta.MediaStorageSOPClassUID = UID(series.sop_class_uid)
    meta.MediaStorageSOPInstanceUID = UID(sop_uid)
    meta.TransferSyntaxUID = ExplicitVRLittleEndian
    meta.ImplementationClassUID = IMPLEMENTATION_UID
    made = FileDataset("", {}, file_meta=meta, preamble=b"\0" * 128, is_implicit_VR=False, is_little_endian=True)
    made.SOPClassUID, made.SOPInstanceUID = series.sop_class_uid, sop_uid
    _patient(made, study)
    _study(made, study)
    made.Modality = study.modality
    made.SeriesInstanceUID, made.SeriesNumber = study.series_uid(series.number), series.number
    made.SeriesDescription, made.ImageType = series.description, list(series.image_type)
    made.BodyPartExamined, made.InstanceNumber = study.body_part, number
    made.Manufacturer, made.ManufacturerModelName = "SYNTHETIC", "codestroke simulator"
    made.InstitutionName, made.StationName = "SYNTHETIC HOSPITAL", "SIM1"
    made.SoftwareVersions, made.DeviceSerialNumber = "1", "SIM-0001"
    return made


def stamp(made: Dataset, at: datetime) -> None:
    """Write the time of acquisition (aware UTC) into an instance."""
    for name in ("Study", "Series", "Acquisition", "Content"):
        setattr(made, f"{name}Date", f"{at:%Y%m%d}")
        setattr(made, f"{name}Time", f"{at:%H%M%S.%f}")
    made.AcquisitionDateTime = f"{at:%Y%m%d%H%M%S.%f}+0000"
    made.TimezoneOffsetFromUTC = "+0000"


def _patient(made: FileDataset, study: StudyHeader) -> None:
    patient = study.patient
    years = (study.taken_at.date() - patient.birth_date).days // 365
    made.SpecificCharacterSet = "ISO_IR 192"
    made.PatientName, made.PatientID = patient.name, patient.patient_id
    made.IssuerOfPatientID = "SYNTHETIC"
    made.PatientBirthDate, made.PatientSex = f"{patient.birth_date:%Y%m%d}", patient.sex
    made.PatientAge, made.PatientComments = f"{years:03d}Y", NOTICE
    # Synthetic Data (0008,001C), PS3.3 C.12.1: pixels made by software instead of a scanner.
    made.SyntheticData, made.ImageComments = "YES", NOTICE


def _study(made: FileDataset, study: StudyHeader) -> None:
    stamp(made, study.taken_at)
    made.StudyInstanceUID, made.StudyID = study.study_uid, "1"
    made.AccessionNumber, made.ReferringPhysicianName = study.patient.accession, ""
    made.StudyDescription, made.RequestedProcedurePriority = study.description, study.priority
