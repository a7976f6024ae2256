"""Each transfer syntax that the gateway offers is decoded here; the one that is not offered cannot be."""

from __future__ import annotations

import warnings
import zlib
from pathlib import Path
from typing import Any

import cv2
import gdcm  # type: ignore[import-untyped]  # has no stubs
import numpy as np
import pytest
from pydicom import dcmwrite
from pydicom.pixels.decoders.base import JPEGBaseline8BitDecoder
from pydicom.uid import UID

from schemas.errors import BadDicom
from streams.dicom import syntaxes
from streams.dicom.pixels import FrameReader
from streams.dicom.scan import scan
from tests.streams.dicom.builders import image, noise, save

SMOOTH = cv2.GaussianBlur(noise((64, 48)).astype(np.float32) + 1000, (9, 9), 3)
TWELVE_BIT = SMOOTH.astype(np.uint16)
EIGHT_BIT = (SMOOTH / 12).astype(np.uint8)
# GDCM writes each syntax under a name of its own; the number is the largest error that the syntax may make.
ENCODED = {
    syntaxes.RLE_LOSSLESS: ("RLELossless", 0),
    syntaxes.JPEG_LOSSLESS: ("JPEGLosslessProcess14", 0),
    syntaxes.JPEG_LOSSLESS_SV1: ("JPEGLosslessProcess14_1", 0),
    syntaxes.JPEG_LS_LOSSLESS: ("JPEGLSLossless", 0),
    syntaxes.JPEG_LS_NEAR: ("JPEGLSNearLossless", 3),
    syntaxes.JPEG_2000_LOSSLESS: ("JPEG2000Lossless", 0),
    syntaxes.JPEG_2000: ("JPEG2000", 8),
}
TWELVE = {"PixelRepresentation": 0, "BitsStored": 12, "HighBit": 11}
EIGHT = {"PixelRepresentation": 0, "BitsAllocated": 8, "BitsStored": 8, "HighBit": 7}


def _encoded(folder: Path, pixels: Any, name: str, **tags: Any) -> Path:
    native, path = save(image(pixels, (0, 0, 0), **tags), folder / "native.dcm"), folder / "encoded.dcm"
    reader = gdcm.ImageReader()
    reader.SetFileName(str(native))
    assert reader.Read()
    change = gdcm.ImageChangeTransferSyntax()
    change.SetTransferSyntax(gdcm.TransferSyntax(getattr(gdcm.TransferSyntax, name)))
    change.SetInput(reader.GetImage())
    assert change.Change()
    writer = gdcm.ImageWriter()
    writer.SetFileName(str(path))
    writer.SetFile(reader.GetFile())
    writer.SetImage(change.GetOutput())
    assert writer.Write()
    return path


def _read(path: Path) -> Any:
    return FrameReader().read(scan(path))


@pytest.mark.parametrize("syntax", ENCODED)
def test_compressed_syntax_is_decoded(tmp_path: Path, syntax: str) -> None:
    name, tolerance = ENCODED[syntax]
    path = _encoded(tmp_path, TWELVE_BIT, name, **TWELVE)
    assert scan(path).transfer_syntax == syntax
    assert abs(_read(path).astype(int) - TWELVE_BIT).max() <= tolerance


def test_jpeg_baseline_is_decoded_in_8_bits_without_pillow(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delitem(JPEGBaseline8BitDecoder._available, "pillow", raising=False)  # pillow is no dependency of ours
    path = _encoded(tmp_path, EIGHT_BIT, "JPEGBaselineProcess1", **EIGHT)
    assert scan(path).transfer_syntax == syntaxes.JPEG_BASELINE
    assert abs(_read(path).astype(int) - EIGHT_BIT).max() <= 3


@pytest.mark.parametrize("syntax", [syntaxes.EXPLICIT_LE, syntaxes.IMPLICIT_LE, syntaxes.EXPLICIT_BE])
def test_native_syntax_is_read(tmp_path: Path, syntax: str) -> None:
    dataset = image(TWELVE_BIT, (0, 0, 0), **TWELVE)
    little = syntax != syntaxes.EXPLICIT_BE
    dataset.file_meta.TransferSyntaxUID = UID(syntax)
    dataset.PixelData = TWELVE_BIT.astype("<u2" if little else ">u2").tobytes()
    implicit = syntax == syntaxes.IMPLICIT_LE
    path = tmp_path / "native.dcm"
    dcmwrite(path, dataset, little_endian=little, implicit_vr=implicit, force_encoding=True)
    assert np.array_equal(_read(path), TWELVE_BIT)


def test_deflated_syntax_is_read(tmp_path: Path) -> None:
    data = save(image(TWELVE_BIT, (0, 0, 0), **TWELVE), tmp_path / "plain.dcm").read_bytes()
    head = data.index(b"\x08\x00\x08\x00", 132)
    engine = zlib.compressobj(9, zlib.DEFLATED, -15)
    meta = data[:head].replace(b"UI\x14\x001.2.840.10008.1.2.1\x00", b"UI\x16\x001.2.840.10008.1.2.1.99")
    path = tmp_path / "deflated.dcm"
    path.write_bytes(meta + engine.compress(data[head:]) + engine.flush())
    assert scan(path).transfer_syntax == syntaxes.DEFLATED_LE
    assert np.array_equal(_read(path), TWELVE_BIT)


def test_every_offered_syntax_is_decoded_by_a_test_above() -> None:
    native = {syntaxes.EXPLICIT_LE, syntaxes.IMPLICIT_LE, syntaxes.EXPLICIT_BE, syntaxes.DEFLATED_LE}
    assert set(syntaxes.DECODABLE) == {*ENCODED, *native, syntaxes.JPEG_BASELINE}


def test_12_bit_jpeg_extended_is_refused(tmp_path: Path) -> None:
    path = _encoded(tmp_path, TWELVE_BIT, "JPEGExtendedProcess2_4", **TWELVE)
    with pytest.raises(BadDicom, match="transfer syntax"):
        scan(path)


def test_real_images_are_the_same_in_every_lossless_syntax(data_dir: Path) -> None:
    folder = data_dir / "dicom" / "wg04"
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # the reference files break rules that pydicom warns of
        images = [_read(folder / kind / f"CT2_{kind}").copy() for kind in ("RLE", "J2KR", "JLSL", "JPLL")]
    assert images[0].shape == (512, 512)
    assert all(np.array_equal(images[0], other) for other in images[1:])
