"""What pydicom is asked for when the fast walk gives up: unusual headers, and nothing else.

``header.py`` calls it inside the decode worker, so that a file built to exhaust a parser harms only that process.
Values come back in the raw form that the fast walk gives. It must never print or copy a whole data set.
"""

from __future__ import annotations

import struct
from pathlib import Path
from typing import Final

import pydicom
from pydicom.dataelem import DataElement
from pydicom.errors import InvalidDicomError

from schemas.errors import BadDicom
from streams.dicom.elements import UNDEFINED, Walk

PARSER_FAILURES: Final = (
    ArithmeticError,
    AttributeError,
    EOFError,
    LookupError,
    MemoryError,
    NotImplementedError,
    RecursionError,
    RuntimeError,
    TypeError,
    ValueError,
    struct.error,
    InvalidDicomError,
)
"""What pydicom and its plug-ins raise on broken input, as seen with the hostile files of the tests."""


def walk(path: Path, wanted: frozenset[int]) -> tuple[str, Walk]:
    """Read the transfer syntax and the wanted raw values through pydicom.

    The pixel data's place is not told: such a file is decoded by pydicom too.

    Raises:
        BadDicom: pydicom cannot read the file either.
    """
    try:
        dataset = pydicom.dcmread(path, stop_before_pixels=True, specific_tags=sorted(wanted))
        syntax = str(dataset.file_meta.TransferSyntaxUID)
        values = {int(tag): _raw(dataset[tag]) for tag in dataset.keys() if int(tag) in wanted}  # noqa: SIM118
    except PARSER_FAILURES as error:
        raise BadDicom(f"DICOM file cannot be parsed ({type(error).__name__})", reason="unparsable") from None
    return syntax, Walk(values, pixel_offset=-1, pixel_length=UNDEFINED)


def _raw(element: DataElement) -> bytes:
    """Bring a value into the bytes that little-endian DICOM would hold."""
    if element.is_empty:
        return b""
    values = element.value if element.VM > 1 else [element.value]
    if element.VR in ("US", "SS"):
        return b"".join(int(value).to_bytes(2, "little", signed=element.VR == "SS") for value in values)
    return "\\".join(str(value) for value in values).encode("latin-1", "replace")
