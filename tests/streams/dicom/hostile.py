"""Files that nobody should send: the concrete hostile inputs, each a function that writes one."""

from __future__ import annotations

import random
import struct
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

from pydicom import dcmwrite
from pydicom.encaps import encapsulate
from pydicom.uid import UID, JPEG2000Lossless, JPEGLosslessSV1, JPEGLSLossless, RLELossless

from tests.streams.dicom.builders import STUDY, image, noise, save

Writer = Callable[[Path], Path]
Slice = Callable[[Path, int], Path]
PIXELS = noise((16, 16))
EXPLICIT = "1.2.840.10008.1.2.1"


def _good(path: Path, **tags: Any) -> bytes:
    return save(image(PIXELS, (0, 0, 0), **tags), path).read_bytes()


def _bytes(data: bytes) -> Writer:
    return lambda path: _written(path, data)


def _written(path: Path, data: bytes) -> Path:
    path.write_bytes(data)
    return path


def _cut(size: int) -> Writer:
    return lambda path: _written(path, _good(path)[:size])


def _tags(**tags: Any) -> Writer:
    return lambda path: save(image(PIXELS, (0, 0, 0), **tags), path)


def _swapped(old: bytes, new: bytes, **tags: Any) -> Writer:
    """A good file in which the bytes ``old`` became ``new`` of the same length."""

    def write(path: Path) -> Path:
        data = _good(path, **tags)
        assert data.count(old) >= 1
        assert len(old) == len(new)
        return _written(path, data.replace(old, new))

    return write


def _meta(syntax: str, body: bytes) -> bytes:
    """A DICOM file of the given transfer syntax with ``body`` as its data set."""
    uid = syntax.encode() + b"\0" * (len(syntax) % 2)
    element = struct.pack("<HH2sH", 0x0002, 0x0010, b"UI", len(uid)) + uid
    return b"\0" * 128 + b"DICM" + element + body


def _nested(undefined: bool, depth: int) -> Writer:
    def write(path: Path) -> Path:
        body = b""
        for _ in range(depth):
            length = 0xFFFFFFFF if undefined else len(body)
            item = struct.pack("<HHI", 0xFFFE, 0xE000, length) + body
            if undefined:
                item += struct.pack("<HHI", 0xFFFE, 0xE00D, 0)
            length = 0xFFFFFFFF if undefined else len(item)
            body = struct.pack("<HH2sHI", 0x0040, 0xA730, b"SQ", 0, length) + item
            if undefined:
                body += struct.pack("<HHI", 0xFFFE, 0xE0DD, 0)
        return _written(path, _meta(EXPLICIT, body))

    return write


def _encapsulated(syntax: UID, frame: bytes | None, **tags: Any) -> Writer:
    def write(path: Path) -> Path:
        dataset = image(PIXELS, (0, 0, 0), **tags)
        dataset.file_meta.TransferSyntaxUID = syntax
        dataset.PixelData = encapsulate([frame]) if frame is not None else encapsulate([])
        dataset["PixelData"].is_undefined_length = True
        dataset["PixelData"].VR = "OB"
        return save(dataset, path)

    return write


def _deflate_bomb(path: Path) -> Path:
    engine = zlib.compressobj(9, zlib.DEFLATED, -15)
    chunks = [engine.compress(b"\0" * (16 * 1024 * 1024)) for _ in range(64)]
    return _written(path, _meta("1.2.840.10008.1.2.1.99", b"".join([*chunks, engine.flush()])))


def _many_elements(path: Path) -> Path:
    element = struct.pack("<HH2sH", 0x0009, 0x1001, b"LO", 2) + b"x "
    return _written(path, _meta(EXPLICIT, element * 300_000))


def _no_sequence_end(path: Path) -> Path:
    body = struct.pack("<HH2sHI", 0x0008, 0x1110, b"SQ", 0, 0xFFFFFFFF)
    return _written(path, _meta(EXPLICIT, body + struct.pack("<HHI", 0xFFFE, 0xE000, 0xFFFFFFFF)))


def _unknown_syntax(path: Path) -> Path:
    return _written(path, _meta("1.2.3.4.5", b""))


def _implicit_under_explicit(path: Path) -> Path:
    """D23: implicit VR data whose meta header says explicit."""
    dataset = image(PIXELS, (0, 0, 0))
    dataset.file_meta.TransferSyntaxUID = UID("1.2.840.10008.1.2")
    dataset.save_as(path, implicit_vr=True, little_endian=True)
    data = path.read_bytes()
    image_type = data.index(b"\x08\x00\x08\x00", 132)
    return _written(path, _meta(EXPLICIT, data[image_type:]))


def _huge_siz() -> bytes:
    """A JPEG 2000 codestream head that announces an image of 60000 x 60000."""
    siz = struct.pack(">HIIIIIIIIH", 0, 60000, 60000, 0, 0, 60000, 60000, 0, 0, 1) + b"\x0f\x01\x01"
    return b"\xff\x4f\xff\x51" + struct.pack(">H", len(siz) + 2) + siz + b"\xff\x90" + b"\0" * 400


def _huge_sof() -> bytes:
    """A JPEG head that announces 65000 x 65000."""
    return b"\xff\xd8\xff\xc3" + struct.pack(">HBHHB", 11, 16, 65000, 65000, 1) + b"\x01\x11\x00" + b"\0" * 400


_random = random.Random(2).randbytes

BAD: Final[dict[str, Writer]] = {
    "D1 empty": _bytes(b""),
    "D2 random": _bytes(_random(4096)),
    "D2 random after prefix": _bytes(b"\0" * 128 + b"DICM" + _random(4096)),
    "D3 login page": _bytes(b"<!DOCTYPE html><html><body>Please log in</body></html>" * 20),
    "D4 no preamble": lambda path: _written(path, _good(path)[132:]),
    "D5 cut at 200 bytes": _cut(200),
    "D6 cut inside an element": _cut(431),
    "D7 cut inside the pixels": _cut(-64),
    "D8 length FFFFFFFE": _swapped(b"OW\0\0\0\2\0\0", b"OW\0\0\xfe\xff\xff\xff"),
    "D9 zero rows": _tags(Rows=0),
    "D10 65535 squared": _tags(Rows=65535, Columns=65535),
    "D11 a milliard frames": _tags(NumberOfFrames=10**9),
    "D11 negative frames": _tags(NumberOfFrames=-1),
    "D11 frames abc": _swapped(b"IS\4\x00123 ", b"IS\4\x00abc ", NumberOfFrames=123),
    "D12 no bits": _tags(BitsAllocated=0),
    "D12 one bit": _tags(BitsAllocated=1, BitsStored=1, HighBit=0),
    "D12 twelve bits": _tags(BitsAllocated=12, BitsStored=12, HighBit=11),
    "D12 sixty-four bits": _tags(BitsAllocated=64, BitsStored=64, HighBit=63),
    "D13 stored above allocated": _tags(BitsStored=17, HighBit=16),
    "D13 wrong high bit": _tags(BitsStored=12, HighBit=15),
    "D14 deflate bomb": _deflate_bomb,
    "D15 RLE of 20000 squared": _encapsulated(RLELossless, b"\0" * 64, Rows=20000, Columns=20000),
    "D16 300 undefined sequences": _nested(undefined=True, depth=300),
    "D17 2000 defined sequences": _nested(undefined=False, depth=2000),
    "D18 300000 elements": _many_elements,
    "D19 no frames": _encapsulated(RLELossless, None),
    "D20 no sequence end": _no_sequence_end,
    "D21 unknown syntax": _unknown_syntax,
    "D22 garbage JPEG 2000": _encapsulated(JPEG2000Lossless, _random(2000)),
    "D22 garbage JPEG": _encapsulated(JPEGLosslessSV1, _random(2000)),
    "D22 garbage JPEG-LS": _encapsulated(JPEGLSLossless, _random(2000)),
    "D22 garbage RLE": _encapsulated(RLELossless, _random(2000)),
    "D22 huge SIZ": _encapsulated(JPEG2000Lossless, _huge_siz()),
    "D22 huge SOF": _encapsulated(JPEGLosslessSV1, _huge_sof()),
    "D23 implicit under explicit": _implicit_under_explicit,
    "D26 long uid": _tags(StudyInstanceUID="1." * 5000 + "1"),
    "D26 uid with a path": _swapped(STUDY.encode() + b"\0\x20", b"../" * 9 + b"\0\x20"),
    "D31 NaN spacing": _swapped(b"1.0\\1.0 ", b"NaN\\1.0 "),
    "D31 zero spacing": _tags(PixelSpacing=[0, 0]),
    "D31 negative spacing": _tags(PixelSpacing=[-1, 1]),
    "D31 zero slope": _tags(RescaleSlope=0),
    "D31 endless slope": _swapped(b"12345", b"1e400", RescaleSlope=12345),
    "D34 colour": _tags(PhotometricInterpretation="YBR_FULL"),
    "D34 palette": _tags(PhotometricInterpretation="PALETTE COLOR"),
    "D37 no pixels": lambda path: _written(path, _good(path)[: _good(path).rindex(b"\xe0\x7f\x10\x00")]),
}
"""Writers of files that must end as ``BadDicom`` or ``UnsuitableSeries``, whoever sends them."""

ODD_BUT_FINE: Final[dict[str, Writer]] = {
    "D25 unknown character set": _tags(SpecificCharacterSet="NO_SUCH", PatientName="A^B"),
    "D25 control characters": _tags(PatientName="A\x1b$B|^\rC"),
    "D30 no instance number": _tags(InstanceNumber=None),
    "D40 far future": _tags(StudyDate="20990101"),
}
"""Files that are strange and yet readable."""


def as_big_endian(path: Path, z: int) -> Path:
    """D24: the retired big-endian syntax, byte-swapped pixels."""
    dataset = image(PIXELS, (0, 0, z))
    dataset.file_meta.TransferSyntaxUID = UID("1.2.840.10008.1.2.2")
    dataset.PixelData = PIXELS.astype(">i2").tobytes()
    dcmwrite(path, dataset, little_endian=False, implicit_vr=False, force_encoding=True)
    return path
