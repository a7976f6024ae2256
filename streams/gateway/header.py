"""Reads the header of an encoded dataset without trusting it; the one place where pydicom's errors are translated.

Who calls it: the C-STORE handler and the recovery scan. It never decodes pixels and never prints a dataset.
"""

from __future__ import annotations

import hashlib
import struct
from dataclasses import dataclass
from io import BytesIO

import pydicom
from pydicom.dataset import Dataset
from pydicom.filereader import read_dataset
from pydicom.tag import Tag
from pydicom.uid import UID

from schemas.errors import BadDicom
from schemas.ids import is_uid
from streams.gateway.facts import HEADER_KEYWORDS, one_line, values_of

_TAGS = [Tag(word) for word in HEADER_KEYWORDS]
_FIRST_PIXEL_TAG = 0x7FE00008  # Float Pixel Data; Double Float and Pixel Data follow (PS3.6)
_PIXEL_VRS = (b"OB", b"OW", b"OF", b"OD")  # PS3.5 annex A, PS3.3 C.7.6.24 for float pixels
_UNDEFINED_LENGTH = 0xFFFFFFFF
_BITS_PER_BYTE = 8
_META_AT = 132  # preamble and "DICM" (PS3.10 section 7.1)
_GROUP_LENGTH_BYTES = 12  # the (0002,0000) element itself
# All that pydicom raised on broken input when it was tried; it has no tree of its own for them.
_PYDICOM_ERRORS = (
    pydicom.errors.InvalidDicomError, ValueError, TypeError, KeyError, AttributeError, IndexError, EOFError, OSError,
    OverflowError, MemoryError, RecursionError, NotImplementedError, struct.error,
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Header:
    """The header of one instance, and where its pixel data begins.

    Attributes:
        dataset: only the elements of ``HEADER_KEYWORDS``.
        encoded: the whole dataset as received, without file meta information.
        pixels_at: offset of the pixel data element in ``encoded``.
    """

    dataset: Dataset
    encoded: bytes
    syntax: UID
    pixels_at: int

    @property
    def study_uid(self) -> str | None:
        """StudyInstanceUID, or None where it is not a UID."""
        text = one_line(values_of(self.dataset)("StudyInstanceUID"))
        return text if is_uid(text) else None


def keep_values_out_of_warnings() -> None:
    """Tell pydicom, whose switch is global, not to warn of odd values: its warnings quote them, names included."""
    pydicom.config.settings.reading_validation_mode = pydicom.config.IGNORE


def read_header(encoded: bytes, syntax: UID) -> Header:
    """Read the header of ``encoded`` (a dataset without file meta information).

    Raises:
        BadDicom: not a dataset, or nested beyond reason.
    """
    stream = BytesIO(encoded)
    dataset = _parse(stream, syntax)
    return Header(dataset, encoded, syntax, stream.tell())


def pixel_digest(header: Header) -> str:
    """Check that the pixel data is all there and name it: SHA-256 of its bytes and of the transfer syntax.

    Raises:
        BadDicom: there is none, or there is less than the header says.
    """
    at = header.pixels_at
    _check_pixels(header.encoded[at : at + 12], len(header.encoded) - at, header.dataset, header.syntax)
    digest = hashlib.sha256(header.syntax.encode())
    digest.update(memoryview(header.encoded)[at:])
    return digest.hexdigest()


def split_file(data: bytes) -> tuple[UID, bytes]:
    """Split a DICOM file into its transfer syntax and its encoded dataset (PS3.10 section 7.1).

    Raises:
        BadDicom: it is not a DICOM file.
    """
    try:
        meta = pydicom.dcmread(BytesIO(data), stop_before_pixels=True, specific_tags=["SOPClassUID"]).file_meta
        length, syntax = int(meta.FileMetaInformationGroupLength), UID(meta.TransferSyntaxUID)
        # Refused here rather than where the encoding is asked for.
        _ = syntax.is_implicit_VR
    except _PYDICOM_ERRORS as error:
        raise BadDicom(f"not a DICOM file ({type(error).__name__})", reason="unreadable_header") from None
    return syntax, data[_META_AT + _GROUP_LENGTH_BYTES + length :]


def _parse(stream: BytesIO, syntax: UID) -> Dataset:
    try:
        dataset = read_dataset(
            stream,
            syntax.is_implicit_VR,
            syntax.is_little_endian,
            stop_when=lambda tag, _vr, _length: tag >= _FIRST_PIXEL_TAG,
            specific_tags=list(_TAGS),
        )
        for word in HEADER_KEYWORDS:
            dataset.get(word)
    except _PYDICOM_ERRORS as error:
        raise BadDicom(f"the header cannot be read ({type(error).__name__})", reason="unreadable_header") from None
    if not len(dataset):
        raise BadDicom("the dataset holds none of the elements that are needed", reason="unreadable_header")
    return dataset


def _check_pixels(head: bytes, available: int, dataset: Dataset, syntax: UID) -> None:
    if not head:
        raise BadDicom("there is no pixel data", reason="no_pixel_data")
    if not syntax.is_implicit_VR and head[4:6] not in _PIXEL_VRS:
        raise BadDicom("the dataset is not encoded as negotiated", reason="wrong_encoding")
    if syntax.is_encapsulated:
        return
    # PS3.5 section 7.1: the length stands after the tag, or after the tag, the VR and two reserved bytes.
    length_at = 4 if syntax.is_implicit_VR else 8
    header_bytes = length_at + 4
    if len(head) < header_bytes:
        raise BadDicom("the pixel data is cut", reason="pixel_data_cut")
    declared = struct.unpack_from("<I" if syntax.is_little_endian else ">I", head, length_at)[0]
    if declared == _UNDEFINED_LENGTH or available - header_bytes < max(declared, _pixel_bytes(dataset)):
        raise BadDicom("the pixel data is shorter than the header says", reason="pixel_data_cut")


def _pixel_bytes(dataset: Dataset) -> int:
    try:
        rows, columns, bits = (int(dataset.get(word) or 0) for word in ("Rows", "Columns", "BitsAllocated"))
        samples, frames = int(dataset.get("SamplesPerPixel") or 1), int(dataset.get("NumberOfFrames") or 1)
    except (TypeError, ValueError):
        raise BadDicom("Rows, Columns or NumberOfFrames is not a number", reason="bad_size") from None
    if min(rows, columns, bits, samples, frames) <= 0:
        raise BadDicom("Rows, Columns, BitsAllocated or NumberOfFrames is not positive", reason="bad_size")
    return rows * columns * samples * frames * bits // _BITS_PER_BYTE
