"""The header of one image or frame: the values that choose, order, place and bound its pixels.

``scan.py`` calls ``header_of`` with what it found in a file. Every value is checked before anybody allocates memory by
it. Values that identify a patient are compared and dropped, never logged.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Final

from schemas.errors import BadDicom
from streams.dicom import syntaxes
from streams.dicom.elements import UNDEFINED, Walk
from streams.dicom.values import count_of, decimals_of, integer_of, text_of, uid_of

MAX_SIDE: Final = 8192
"""Largest Rows or Columns accepted; the largest radiographs have about 5000."""
MAX_FRAMES: Final = 5000
MAX_PIXEL_BYTES: Final = 4 * 1024 * 1024 * 1024

_FIELDS: Final[dict[str, int]] = {
    "image_type": 0x00080008,
    "sop_class_uid": 0x00080016,
    "sop_uid": 0x00080018,
    "modality": 0x00080060,
    "presentation": 0x00080068,
    "patient_id": 0x00100020,
    "view_position": 0x00185101,
    "study_uid": 0x0020000D,
    "series_uid": 0x0020000E,
    "position": 0x00200032,
    "orientation": 0x00200037,
    "samples": 0x00280002,
    "photometric": 0x00280004,
    "frames": 0x00280008,
    "rows": 0x00280010,
    "columns": 0x00280011,
    "pixel_spacing": 0x00280030,
    "bits_allocated": 0x00280100,
    "bits_stored": 0x00280101,
    "high_bit": 0x00280102,
    "signed": 0x00280103,
    "padding": 0x00280120,
    "intercept": 0x00281052,
    "slope": 0x00281053,
}
WANTED: Final = frozenset(_FIELDS.values())


@dataclass(frozen=True, slots=True)
class Header:
    """One frame's header. Spacing is (between rows, between columns) in mm; positions are LPS in mm.

    ``pixel_offset`` is where the frame's uncompressed little-endian pixels start in the file (in the inflated data
    set where it is deflated), or -1 where a codec or pydicom must decode frame number ``frame``.
    """

    path: Path
    transfer_syntax: str
    sop_class_uid: str
    sop_uid: str
    study_uid: str
    series_uid: str
    patient_id: bytes
    modality: str
    image_type: tuple[str, ...]
    presentation: str
    view_position: str
    position: tuple[float, ...]
    orientation: tuple[float, ...]
    pixel_spacing: tuple[float, ...]
    samples: int
    photometric: str
    frames: int
    rows: int
    columns: int
    bits_allocated: int
    bits_stored: int
    signed: bool
    padding: int | None
    slope: float
    intercept: float
    pixel_offset: int
    frame: int = 0

    @property
    def frame_bytes(self) -> int:
        """Size of one uncompressed frame in bytes."""
        return self.rows * self.columns * self.samples * self.bits_allocated // 8


def header_of(path: Path, syntax: str, walk: Walk) -> Header:
    """Parse and check what a walk found.

    Raises:
        BadDicom: a value is absent, malformed, or contradicts another.
    """
    raw = _raw_of(walk)
    encapsulated = syntax not in syntaxes.NATIVE or walk.pixel_length == UNDEFINED
    signed = integer_of(raw, "signed", 0) == 1
    header = Header(
        path=path,
        transfer_syntax=syntax,
        sop_class_uid=text_of(raw["sop_class_uid"]),
        sop_uid=uid_of(raw, "sop_uid"),
        study_uid=uid_of(raw, "study_uid"),
        series_uid=uid_of(raw, "series_uid"),
        patient_id=raw["patient_id"].strip(b" \0"),
        modality=text_of(raw["modality"]),
        image_type=tuple(part.strip().upper() for part in text_of(raw["image_type"]).split("\\")),
        presentation=text_of(raw["presentation"]),
        view_position=text_of(raw["view_position"]).upper(),
        position=decimals_of(raw, "position", 3),
        orientation=decimals_of(raw, "orientation", 6),
        pixel_spacing=decimals_of(raw, "pixel_spacing", 2),
        samples=integer_of(raw, "samples", 1),
        photometric=text_of(raw["photometric"]),
        frames=count_of(raw["frames"], MAX_FRAMES),
        rows=integer_of(raw, "rows", 0),
        columns=integer_of(raw, "columns", 0),
        bits_allocated=integer_of(raw, "bits_allocated", 0),
        bits_stored=integer_of(raw, "bits_stored", 0),
        signed=signed,
        padding=integer_of(raw, "padding", 0, signed=signed) if raw["padding"] else None,
        slope=(decimals_of(raw, "slope", 1) or (1.0,))[0],
        intercept=(decimals_of(raw, "intercept", 1) or (0.0,))[0],
        pixel_offset=-1 if encapsulated else walk.pixel_offset,
    )
    _check(header, high_bit=integer_of(raw, "high_bit", header.bits_stored - 1))
    return header


def _raw_of(walk: Walk) -> dict[str, bytes]:
    if walk.pixel_offset == -1 and not walk.pixel_length:
        raise BadDicom("DICOM instance has no pixel data", reason="no_pixels")
    return {name: walk.values.get(tag, b"") for name, tag in _FIELDS.items()}


def _check(header: Header, *, high_bit: int) -> None:
    """Refuse sizes and bit depths that contradict PS3.3 C.7.6.3 or would exhaust memory."""
    if not (0 < header.rows <= MAX_SIDE and 0 < header.columns <= MAX_SIDE):
        raise BadDicom(f"Rows x Columns {header.rows} x {header.columns} is outside 1..{MAX_SIDE}", reason="bad_size")
    if header.bits_allocated not in (8, 16) or not 0 < header.bits_stored <= header.bits_allocated:
        raise BadDicom(
            f"BitsAllocated {header.bits_allocated}, BitsStored {header.bits_stored} unsupported", reason="bad_bits"
        )
    if high_bit != header.bits_stored - 1:
        raise BadDicom(f"HighBit {high_bit} is not BitsStored - 1 (PS3.5 8.1.1)", reason="bad_bits")
    if header.frame_bytes * header.frames > MAX_PIXEL_BYTES:
        raise BadDicom("pixel data would be larger than the limit", reason="bad_size")
    if header.slope == 0:
        raise BadDicom("RescaleSlope is 0", reason="bad_rescale")
