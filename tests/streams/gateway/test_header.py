"""Broken datasets are refused with a reason; whole ones get a name for their pixels."""

from __future__ import annotations

import os
import struct
from typing import Any

import pytest
from pydicom.uid import UID, ExplicitVRLittleEndian, ImplicitVRLittleEndian
from pynetdicom.dsutils import encode

from schemas.errors import BadDicom
from streams.gateway.header import pixel_digest, read_header
from tests.streams.gateway.builders import STUDY, ct_slice

# pydicom says so, without values, when it finds another encoding than it was told.
pytestmark = pytest.mark.filterwarnings("ignore:Expected (ex|im)plicit VR")


def encoded(*, implicit: bool = False, **changes: Any) -> bytes:
    data: bytes | None = encode(ct_slice(1, **changes), implicit, True)
    assert data is not None
    return data


def digest(data: bytes, syntax: UID = ExplicitVRLittleEndian) -> str:
    return pixel_digest(read_header(data, syntax))


def test_study_is_known_from_the_header() -> None:
    assert read_header(encoded(), ExplicitVRLittleEndian).study_uid == STUDY


def test_digest_names_the_pixels_alone() -> None:
    assert digest(encoded()) == digest(encoded(PatientName="Other"))
    assert digest(encoded()) != digest(encoded(PixelData=b"\x01" * 512))


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (encoded()[:-1], "pixel_data_cut"),
        (encoded()[:-600], "no_pixel_data"),
        (encoded(Rows=64), "pixel_data_cut"),
        (encoded(Rows=0), "bad_size"),
        (encoded(BitsAllocated=0), "bad_size"),
        (b"", "unreadable_header"),
        (b"<html>login</html>" * 20, "unreadable_header"),
    ],
)
def test_broken_is_refused_with_its_reason(data: bytes, reason: str) -> None:
    with pytest.raises(BadDicom) as refused:
        digest(data)
    assert refused.value.reason == reason


def test_implicit_data_under_an_explicit_syntax_is_refused() -> None:
    with pytest.raises(BadDicom) as refused:
        digest(encoded(implicit=True))
    assert refused.value.reason == "wrong_encoding"


def test_random_bytes_are_refused() -> None:
    for _ in range(50):
        with pytest.raises(BadDicom):
            digest(os.urandom(4096))


def test_nested_sequences_end_in_a_refusal_or_are_skipped() -> None:
    item = struct.pack("<HHI", 0x0008, 0x1140, 0xFFFFFFFF) + struct.pack("<HHI", 0xFFFE, 0xE000, 0xFFFFFFFF)
    with pytest.raises(BadDicom):
        digest(item * 5000, ImplicitVRLittleEndian)
