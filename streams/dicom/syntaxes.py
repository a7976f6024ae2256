"""The transfer syntaxes whose pixel data we can really decode; the gateway offers these and no other.

Each entry is decoded in ``tests/streams/dicom/test_syntaxes.py``; a syntax that a plug-in merely claims is not here.
JPEG Extended (1.2.840.10008.1.2.4.51) is not: the installed plug-ins fail on its 12-bit form, and no image that we
could check decodes. Syntax UIDs are those of PS3.6 table A-1.
"""

from __future__ import annotations

from typing import Final

IMPLICIT_LE: Final = "1.2.840.10008.1.2"
EXPLICIT_LE: Final = "1.2.840.10008.1.2.1"
DEFLATED_LE: Final = "1.2.840.10008.1.2.1.99"
EXPLICIT_BE: Final = "1.2.840.10008.1.2.2"
JPEG_BASELINE: Final = "1.2.840.10008.1.2.4.50"
JPEG_LOSSLESS: Final = "1.2.840.10008.1.2.4.57"
JPEG_LOSSLESS_SV1: Final = "1.2.840.10008.1.2.4.70"
JPEG_LS_LOSSLESS: Final = "1.2.840.10008.1.2.4.80"
JPEG_LS_NEAR: Final = "1.2.840.10008.1.2.4.81"
JPEG_2000_LOSSLESS: Final = "1.2.840.10008.1.2.4.90"
JPEG_2000: Final = "1.2.840.10008.1.2.4.91"
RLE_LOSSLESS: Final = "1.2.840.10008.1.2.5"

NATIVE: Final = frozenset({IMPLICIT_LE, EXPLICIT_LE, DEFLATED_LE})
"""Read without a codec; the byte order is little endian."""

DECODABLE: Final[dict[str, str]] = {
    EXPLICIT_LE: "Explicit VR Little Endian",
    IMPLICIT_LE: "Implicit VR Little Endian",
    DEFLATED_LE: "Deflated Explicit VR Little Endian",
    EXPLICIT_BE: "Explicit VR Big Endian (retired)",
    RLE_LOSSLESS: "RLE Lossless",
    JPEG_BASELINE: "JPEG Baseline (8 bit)",
    JPEG_LOSSLESS: "JPEG Lossless, process 14",
    JPEG_LOSSLESS_SV1: "JPEG Lossless, process 14, selection value 1",
    JPEG_LS_LOSSLESS: "JPEG-LS Lossless",
    JPEG_LS_NEAR: "JPEG-LS Near-lossless",
    JPEG_2000_LOSSLESS: "JPEG 2000, lossless only",
    JPEG_2000: "JPEG 2000",
}
"""Decodable transfer syntaxes in the order in which the gateway prefers them, with their names."""
