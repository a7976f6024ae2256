"""Exact area means along one axis, as a banded matrix that multiplies in small dense blocks.

A target cell's weight for a source cell is the length of their overlap, divided by the covered length of the target
cell; so partial cells at borders count by what they cover. The matrix is a narrow band: it is cut into blocks of
``BLOCK`` target cells whose source windows advance by a constant stride, which turns the whole product into one call
of ``numpy.matmul`` over overlapping views. On a 512 to 160 axis that does an eighth of the dense product's work
(measured: 0.06 ms against 0.84 ms), and stays exact where an image library's area filter would need whole cells.
The volume and film readers call it; it knows no DICOM.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import numpy.typing as npt
from numpy.lib.stride_tricks import as_strided

_BLOCKS: Final = range(6, 14)
"""Block heights to choose from: below, calls cost more than they save; above, blocks hold mostly zeros."""
_TINY: Final = 1e-9

Float32 = npt.NDArray[np.float32]
Float64 = npt.NDArray[np.float64]
Image = npt.NDArray[np.number[Any]]


@dataclass(frozen=True, slots=True)
class Axis:
    """One axis of a target grid over a source axis, in source cells.

    Source cell i spans [i, i + 1]; target cell j spans [start + j * ratio, start + (j + 1) * ratio].
    ``flipped`` reverses the target's order.
    """

    source: int
    target: int
    start: float
    ratio: float
    flipped: bool = False


def overlap_weights(axis: Axis) -> Float64:
    """Weights (target, source) of the exact area mean; a row of zeros where a target cell covers no source."""
    low = axis.start + axis.ratio * np.arange(axis.target)[:, None]
    high = low + axis.ratio
    cells = np.arange(axis.source)[None, :]
    overlap = np.clip(np.minimum(high, cells + 1) - np.maximum(low, cells), 0.0, None)
    overlap[overlap < _TINY] = 0.0
    covered = overlap.sum(axis=1, keepdims=True)
    weights: Float64 = np.divide(overlap, covered, out=np.zeros_like(overlap), where=covered > 0)
    return weights[::-1] if axis.flipped else weights


def centred(source: int, target: int, ratio: float, *, flipped: bool = False) -> Axis:
    """Build an axis whose target is centred on the source."""
    return Axis(source, target, (source - target * ratio) / 2, ratio, flipped)


@dataclass(frozen=True, slots=True)
class Band:
    """Overlap weights of one axis in blocks.

    ``blocks`` has shape (block, height, width). Block b reads ``width`` cells from ``first + b * stride`` of a source
    that is preceded by ``before`` and followed by ``after`` zero cells. ``lo`` and ``hi`` bound the source cells that
    count at all, and ``covered`` says which target cells have any source.
    """

    blocks: Float32
    stride: int
    before: int
    after: int
    lo: int
    hi: int
    target: int
    covered: npt.NDArray[np.bool_]

    @property
    def width(self) -> int:
        """Source cells that one block reads."""
        return int(self.blocks.shape[2])

    @property
    def count(self) -> int:
        """Number of blocks."""
        return int(self.blocks.shape[0])

    @property
    def height(self) -> int:
        """Target cells that one block fills."""
        return int(self.blocks.shape[1])

    @property
    def padded(self) -> int:
        """Length of the buffer that holds the source cells ``lo`` to ``hi`` with their zero margins."""
        return self.before + self.hi - self.lo + self.after


@dataclass(frozen=True, slots=True)
class _Layout:
    """Blocks of ``height`` target cells: block b reads ``width`` source cells from ``first + b * stride``."""

    height: int
    count: int
    stride: int
    first: int
    width: int

    @property
    def work(self) -> int:
        """Multiplications for one line of the other axis."""
        return self.height * self.count * self.width


def band_of(axis: Axis) -> Band | None:
    """Cut an axis into blocks; None where target and source do not meet."""
    weights = overlap_weights(axis)
    used = np.flatnonzero(weights.any(axis=0))
    if used.size == 0:
        return None
    lo, hi = int(used[0]), int(used[-1]) + 1
    weights = weights[:, lo:hi]
    layout = min((_layout(axis, weights > 0, height) for height in _BLOCKS), key=lambda choice: choice.work)
    starts = [layout.first + b * layout.stride for b in range(layout.count)]
    before, after = max(0, -min(starts)), max(0, max(starts) + layout.width - (hi - lo))
    padded = np.pad(weights, ((0, layout.count * layout.height - axis.target), (before, after)))
    blocks = np.empty((layout.count, layout.height, layout.width), np.float32)
    for b, start in enumerate(starts):
        rows = padded[b * layout.height : (b + 1) * layout.height]
        blocks[b] = rows[:, start + before : start + before + layout.width]
    covered: npt.NDArray[np.bool_] = weights.sum(axis=1) > 0
    return Band(blocks, layout.stride, before, after, lo, hi, axis.target, covered)


def _layout(axis: Axis, used: npt.NDArray[np.bool_], height: int) -> _Layout:
    """Find the narrowest windows of blocks of ``height``; a block without source asks for none."""
    covered = np.flatnonzero(used.any(axis=1))
    low, high = used.argmax(axis=1), used.shape[1] - used[:, ::-1].argmax(axis=1)
    # A flipped axis reads its source from the far end: its windows then step backwards.
    stride = int(height * axis.ratio) * (-1 if axis.flipped else 1)
    shift = covered // height * stride
    first = int((low[covered] - shift).min())
    width = int((high[covered] - shift).max()) - first
    return _Layout(height, -(-axis.target // height), stride, first, width)


class PlaneReducer:
    """Reduces images (rows, columns) to exact area means (target rows, target columns), reusing its buffers.

    One reducer belongs to one thread. Only rows ``rows.lo`` to ``rows.hi`` of an image are wanted.
    """

    def __init__(self, rows: Band, columns: Band) -> None:
        self.rows, self.columns = rows, columns
        self._padded = np.zeros((rows.padded, columns.padded), np.float32)
        self._middle = np.empty((rows.count * rows.height, columns.padded), np.float32)
        self._result = np.empty((rows.count * rows.height, columns.count * columns.height), np.float32)
        height = rows.hi - rows.lo
        self.image = self._padded[rows.before : rows.before + height, columns.before :][:, : columns.hi - columns.lo]
        line, item = self._padded.strides
        first = max(0, -(rows.count - 1) * rows.stride)
        self._rows_view = as_strided(
            self._padded[first:], (rows.count, rows.width, columns.padded), (rows.stride * line, line, item)
        )
        first = max(0, -(columns.count - 1) * columns.stride)
        line, item = self._middle.strides
        self._columns_view = as_strided(
            self._middle[:, first:],
            (columns.count, self._middle.shape[0], columns.width),
            (columns.stride * item, line, item),
        )
        self._column_weights = np.ascontiguousarray(columns.blocks.transpose(0, 2, 1))
        self._middle_blocks = self._middle.reshape(rows.count, rows.height, columns.padded)
        self._result_blocks = self._result.reshape(rows.count * rows.height, columns.count, columns.height).transpose(
            1, 0, 2
        )

    def reduce(self, image: Image, *, hole: int | None = None, fill: float = 0.0) -> Float32:
        """Reduce ``image``, whose rows are ``rows.lo`` to ``rows.hi``; the result is valid until the next call.

        Pixels that equal ``hole`` count as ``fill``.
        """
        used = image[:, self.columns.lo : self.columns.hi]
        self.image[:] = used
        if hole is not None:
            np.copyto(self.image, np.float32(fill), where=used == hole)
        np.matmul(self.rows.blocks, self._rows_view, out=self._middle_blocks)
        np.matmul(self._columns_view, self._column_weights, out=self._result_blocks)
        return self._result[: self.rows.target, : self.columns.target]
