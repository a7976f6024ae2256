"""What the gateway keeps of an instance: the facts that choose and rank, and nothing that identifies.

Who calls it: the C-STORE handler and the watchers, once per instance. It turns a dataset into ``InstanceFacts``;
name, patient id, birth date and accession number stop here.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from datetime import datetime, tzinfo

import msgspec
from pydicom.dataset import Dataset

from schemas.errors import BadDicom
from schemas.ids import is_uid, patient_key_of
from schemas.priorities import Priority, parse_priority
from streams.core.readiness import Shape
from streams.gateway.header_time import acquired_at, age_years

# PS3.4 table B.5-1.
ENHANCED_CT_IMAGE_STORAGE = "1.2.840.10008.5.1.4.1.1.2.1"

# Every element that is read; the rest of the header is skipped.
HEADER_KEYWORDS = (
    "ImageType", "SOPClassUID", "SOPInstanceUID", "StudyDate", "SeriesDate", "AcquisitionDate", "ContentDate",
    "AcquisitionDateTime", "AcquisitionTime", "ContentTime", "Modality", "StudyDescription", "SeriesDescription",
    "TimezoneOffsetFromUTC", "PatientID", "IssuerOfPatientID", "PatientBirthDate", "PatientSex", "PatientAge",
    "ContrastBolusAgent", "BodyPartExamined", "SliceThickness", "ViewPosition", "StudyInstanceUID",
    "SeriesInstanceUID", "ImagePositionPatient", "ImageOrientationPatient", "NumberOfStudyRelatedInstances",
    "NumberOfSeriesRelatedInstances", "NumberOfFrames", "Rows", "Columns", "BitsAllocated", "SamplesPerPixel",
    "RequestedProcedurePriority",
)  # fmt: skip


class InstanceFacts(msgspec.Struct, frozen=True, kw_only=True):
    """One instance; every UID in it has been checked (PS3.5 section 9.1)."""

    study_uid: str
    series_uid: str
    sop_uid: str
    sop_class_uid: str
    modality: str
    patient_key: str
    transfer_syntax_uid: str = ""
    study_description: str = ""
    series_description: str = ""
    body_part: str = ""
    image_type: tuple[str, ...] = ()
    contrast_agent: bool = False
    slice_thickness_mm: float | None = None
    view_position: str = ""
    position_mm: float | None = None
    """Along the slice normal (patient coordinates, LPS)."""
    frames: int = 1
    acquired_at: datetime | None = None
    priority: Priority = Priority.ROUTINE
    patient_sex: str = ""
    patient_age_years: float | None = None
    expected_in_study: int | None = None
    expected_in_series: int | None = None

    @property
    def shape(self) -> Shape:
        """Whether completeness shows in slice positions."""
        single_slice = self.modality == "CT" and self.frames == 1 and "LOCALIZER" not in self.image_type
        return Shape.STACK if single_slice else Shape.SELF_CONTAINED


def facts_of(dataset: Dataset, *, site_key: bytes, zone: tzinfo, transfer_syntax_uid: str = "") -> InstanceFacts:
    """Extract the facts from a header.

    Args:
        dataset: header of one instance, pixel data not needed.
        site_key: key of the patient pseudonym.
        zone: zone of acquisition times where the dataset names none.
        transfer_syntax_uid: as negotiated or as stored.

    Raises:
        BadDicom: a UID is missing or malformed (reason ``bad_uid``).
    """
    study, series, sop = (_uid(dataset, word) for word in ("StudyInstanceUID", "SeriesInstanceUID", "SOPInstanceUID"))
    return InstanceFacts(
        study_uid=study,
        series_uid=series,
        sop_uid=sop,
        sop_class_uid=_uid(dataset, "SOPClassUID"),
        transfer_syntax_uid=transfer_syntax_uid,
        modality=text_of(dataset, "Modality").upper(),
        patient_key=patient_key_of(site_key, text_of(dataset, "PatientID"), text_of(dataset, "IssuerOfPatientID")),
        study_description=text_of(dataset, "StudyDescription"),
        series_description=text_of(dataset, "SeriesDescription"),
        body_part=text_of(dataset, "BodyPartExamined").upper(),
        image_type=tuple(word.upper() for word in _texts(dataset, "ImageType")),
        contrast_agent=bool(text_of(dataset, "ContrastBolusAgent")),
        slice_thickness_mm=_positive(dataset, "SliceThickness"),
        view_position=text_of(dataset, "ViewPosition").upper(),
        position_mm=position_mm(
            _numbers(dataset, "ImagePositionPatient"), _numbers(dataset, "ImageOrientationPatient")
        ),
        frames=_count(dataset, "NumberOfFrames") or 1,
        acquired_at=acquired_at(lambda word: text_of(dataset, word), zone),
        priority=parse_priority(text_of(dataset, "RequestedProcedurePriority")),
        patient_sex=text_of(dataset, "PatientSex").upper()[:1],
        patient_age_years=age_years(lambda word: text_of(dataset, word)),
        expected_in_study=_count(dataset, "NumberOfStudyRelatedInstances"),
        expected_in_series=_count(dataset, "NumberOfSeriesRelatedInstances"),
    )


def position_mm(position: Sequence[float], orientation: Sequence[float]) -> float | None:
    """Project Image Position onto the normal of Image Orientation (PS3.3 C.7.6.2.1.1); None where not given."""
    if len(position) != 3 or len(orientation) != 6:  # noqa: PLR2004 - PS3.3: x y z and two direction cosines
        return None
    (ax, ay, az), (bx, by, bz) = orientation[:3], orientation[3:]
    normal = (ay * bz - az * by, az * bx - ax * bz, ax * by - ay * bx)
    along = sum(n * p for n, p in zip(normal, position, strict=True))
    return along if math.isfinite(along) else None


def text_of(dataset: Dataset, keyword: str) -> str:
    """Read an element as one line of text without control characters, at most 128 characters; absent gives ""."""
    texts = _texts(dataset, keyword)
    line = "".join(ch if ch.isprintable() else " " for ch in "\\".join(texts))
    return " ".join(line.split())[:128]


def _texts(dataset: Dataset, keyword: str) -> list[str]:
    value = dataset.get(keyword)
    if value is None:
        return []
    many = value if isinstance(value, Sequence) and not isinstance(value, str | bytes) else [value]
    return [str(one) for one in many]


def _uid(dataset: Dataset, keyword: str) -> str:
    value = text_of(dataset, keyword)
    if not is_uid(value):
        raise BadDicom(f"{keyword} is missing or not a DICOM UID (PS3.5 9.1)", reason="bad_uid")
    return value


def _numbers(dataset: Dataset, keyword: str) -> list[float]:
    try:
        return [float(text) for text in _texts(dataset, keyword)]
    except ValueError:
        return []


def _positive(dataset: Dataset, keyword: str) -> float | None:
    numbers = _numbers(dataset, keyword)
    return numbers[0] if len(numbers) == 1 and math.isfinite(numbers[0]) and numbers[0] > 0 else None


def _count(dataset: Dataset, keyword: str) -> int | None:
    number = _positive(dataset, keyword)
    return int(number) if number is not None else None
