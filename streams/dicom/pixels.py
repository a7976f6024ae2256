"""Stored pixel values of one frame: straight from the file where it is uncompressed, through a codec otherwise.

The volume and film readers call it, always inside the decode worker: codecs are native code fed by strangers, so a
crash or a hang must cost a process that can be killed. What a codec returns is measured against the header.
"""

from __future__ import annotations

import os
from typing import Any

import numpy as np
import numpy.typing as npt
from pydicom.pixels.utils import pixel_array

from schemas.errors import BadDicom
from streams.dicom.deflated import read_inflated
from streams.dicom.fallback import PARSER_FAILURES
from streams.dicom.header import Header
from streams.dicom.syntaxes import DEFLATED_LE

Stored = npt.NDArray[np.integer[Any]]


class FrameReader:
    """Reads frames of one size, reusing one buffer; one reader belongs to one thread."""

    def __init__(self) -> None:
        self._buffer: Stored = np.empty((0, 0), np.int16)

    def read(self, header: Header, low: int = 0, high: int | None = None) -> Stored:
        """Return rows ``low`` to ``high`` of the frame, axes ``y x`` (``y x sample`` for colour).

        The result is valid until the next call.

        Raises:
            BadDicom: the file is shorter than its header promised, or the codec failed.
        """
        high = header.rows if high is None else high
        if header.pixel_offset < 0:
            return decode(header)[low:high]
        if header.transfer_syntax == DEFLATED_LE:
            return _mask(_from_bytes(header, read_inflated(header.path))[low:high].copy(), header)
        return _mask(self._read_native(header, low, high), header)

    def _read_native(self, header: Header, low: int, high: int) -> Stored:
        shape = _shape(header, high - low)
        if self._buffer.shape != shape or self._buffer.dtype != _dtype(header):
            self._buffer = np.empty(shape, _dtype(header))
        row_bytes = header.frame_bytes // header.rows
        offset = header.pixel_offset + header.frame * header.frame_bytes + low * row_bytes
        descriptor = os.open(header.path, os.O_RDONLY | os.O_CLOEXEC)
        try:
            count = os.preadv(descriptor, [self._buffer.data], offset)
        finally:
            os.close(descriptor)
        if count != self._buffer.nbytes:
            raise BadDicom("DICOM file became shorter while it was read", reason="cut_pixels")
        return self._buffer


def decode(header: Header) -> Stored:
    """Decode one frame through pydicom and its plug-ins.

    Raises:
        BadDicom: no plug-in could, or the result is not of the promised shape.
    """
    index = header.frame if header.frames > 1 else None
    try:
        stored: Stored = pixel_array(header.path, index=index, raw=True)
    except PARSER_FAILURES as error:
        raise BadDicom(f"pixel data cannot be decoded ({type(error).__name__})", reason="undecodable") from None
    if stored.shape != _shape(header, header.rows):
        raise BadDicom("decoded pixels are not of the size the header promises", reason="pixel_shape")
    return stored


def _shape(header: Header, rows: int) -> tuple[int, ...]:
    return (rows, header.columns) if header.samples == 1 else (rows, header.columns, header.samples)


def _dtype(header: Header) -> np.dtype[np.integer[Any]]:
    return np.dtype(f"<{'i' if header.signed else 'u'}{header.bits_allocated // 8}")


def _from_bytes(header: Header, data: bytes) -> Stored:
    start = header.pixel_offset + header.frame * header.frame_bytes
    flat: Stored = np.frombuffer(data, _dtype(header), header.frame_bytes * 8 // header.bits_allocated, start)
    return flat.reshape(_shape(header, header.rows))


def _mask(stored: Stored, header: Header) -> Stored:
    """Clear what lies above BitsStored, where old files keep overlays (PS3.5 8.1.1), extending the sign."""
    spare = header.bits_allocated - header.bits_stored
    if spare:
        stored <<= spare
        stored >>= spare
    return stored
