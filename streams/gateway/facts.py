"""What the gateway keeps of an instance: the facts that choose and rank, and nothing that identifies.

Who calls it: the C-STORE handler and the watchers, once per instance. It turns a dataset into ``InstanceFacts``;
name, patient id, birth date and accession number stop here.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, tzinfo

import msgspec
from pydicom.dataset import Dataset

from schemas.errors import BadDicom
from schemas.ids import is_uid, patient_key_of
from schemas.priorities import Priority, parse_priority
from streams.core.readiness import Shape
from streams.gateway.header_time import acquired_at, age_years

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

_CS_CHARS = 16  # PS3.5 section 6.2, VR CS
# PS3.3 C.7.6.1.1.2 names four values; vendors append some of their own.
_MAX_IMAGE_TYPES = 8


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


Values = Callable[[str], Sequence[str]]
"""Gives the values of an element by keyword, as texts; empty where absent."""


def facts_of(values: Values, *, site_key: bytes, zone: tzinfo, transfer_syntax_uid: str = "") -> InstanceFacts:
    """Extract the facts from a header.

    Args:
        values: reads the header of one instance (``values_of`` for a dataset).
        site_key: key of the patient pseudonym.
        zone: zone of acquisition times where the header names none.
        transfer_syntax_uid: as negotiated or as stored.

    Raises:
        BadDicom: a UID is missing or malformed (reason ``bad_uid``).
    """

    def text(keyword: str) -> str:
        return one_line(values(keyword))

    study, series, sop = (_uid(text, word) for word in ("StudyInstanceUID", "SeriesInstanceUID", "SOPInstanceUID"))
    return InstanceFacts(
        study_uid=study,
        series_uid=series,
        sop_uid=sop,
        sop_class_uid=_uid(text, "SOPClassUID"),
        transfer_syntax_uid=transfer_syntax_uid,
        modality=text("Modality").upper(),
        patient_key=patient_key_of(site_key, text("PatientID"), text("IssuerOfPatientID")),
        study_description=text("StudyDescription"),
        series_description=text("SeriesDescription"),
        body_part=text("BodyPartExamined").upper(),
        image_type=tuple(one_line([word]).upper()[:_CS_CHARS] for word in values("ImageType")[:_MAX_IMAGE_TYPES]),
        contrast_agent=bool(text("ContrastBolusAgent")),
        slice_thickness_mm=_positive(values("SliceThickness")),
        view_position=text("ViewPosition").upper(),
        position_mm=position_mm(values("ImagePositionPatient"), values("ImageOrientationPatient")),
        frames=_count(values("NumberOfFrames")) or 1,
        acquired_at=acquired_at(text, zone),
        priority=parse_priority(text("RequestedProcedurePriority")),
        patient_sex=text("PatientSex").upper()[:1],
        patient_age_years=age_years(text),
        expected_in_study=_count(values("NumberOfStudyRelatedInstances")),
        expected_in_series=_count(values("NumberOfSeriesRelatedInstances")),
    )


@dataclass(frozen=True, slots=True)
class FactsReader:
    """``facts_of`` for one site; what every reader of headers in the gateway shares."""

    site_key: bytes = field(repr=False)
    zone: tzinfo

    def __call__(self, values: Values, transfer_syntax_uid: str = "") -> InstanceFacts:
        """Extract the facts; see ``facts_of``."""
        return facts_of(values, site_key=self.site_key, zone=self.zone, transfer_syntax_uid=transfer_syntax_uid)


def values_of(dataset: Dataset) -> Values:
    """Read a dataset's elements as texts."""

    def values(keyword: str) -> list[str]:
        value = dataset.get(keyword)
        if value is None:
            return []
        many = value if isinstance(value, Sequence) and not isinstance(value, str | bytes) else [value]
        return [str(one) for one in many]

    return values


def position_mm(position: Sequence[str], orientation: Sequence[str]) -> float | None:
    """Project Image Position onto the normal of Image Orientation (PS3.3 C.7.6.2.1.1); None where not given."""
    at, axes = _numbers(position), _numbers(orientation)
    if len(at) != 3 or len(axes) != 6:  # noqa: PLR2004 - PS3.3: x y z and two direction cosines
        return None
    (ax, ay, az), (bx, by, bz) = axes[:3], axes[3:]
    normal = (ay * bz - az * by, az * bx - ax * bz, ax * by - ay * bx)
    along = sum(n * p for n, p in zip(normal, at, strict=True))
    return along if math.isfinite(along) else None


def one_line(texts: Sequence[str]) -> str:
    """Join values to one line without control characters, at most 128 characters."""
    line = "".join(ch if ch.isprintable() else " " for ch in "\\".join(texts))
    return " ".join(line.split())[:128]


def _uid(text: Callable[[str], str], keyword: str) -> str:
    value = text(keyword)
    if not is_uid(value):
        raise BadDicom(f"{keyword} is missing or not a DICOM UID (PS3.5 9.1)", reason="bad_uid")
    return value


def _numbers(texts: Sequence[str]) -> list[float]:
    try:
        return [float(text) for text in texts]
    except ValueError:
        return []


def _positive(texts: Sequence[str]) -> float | None:
    numbers = _numbers(texts)
    return numbers[0] if len(numbers) == 1 and math.isfinite(numbers[0]) and numbers[0] > 0 else None


def _count(texts: Sequence[str]) -> int | None:
    number = _positive(texts)
    return int(number) if number is not None else None
