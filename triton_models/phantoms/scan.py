"""Turns a coarse drawing into a scanner's series: enlarged, vessels added, noise added, rounded to whole HU."""

from __future__ import annotations

from collections.abc import Iterable

import cv2
import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray

from triton_models.phantoms.canvas import Canvas
from triton_models.phantoms.paint import Sampling

_BANK = 6
_SLACK = 48
# Thin-slice noise of a soft-tissue kernel is correlated over about a pixel.
_GRAIN_PX = 0.7
_LOWEST_HU, _HIGHEST_HU = -1024, 3071


def scan(
    canvas: Canvas,
    sampling: Sampling,
    slabs: Iterable[tuple[slice, NDArray[np.float32]]],
    *,
    noise_hu: float,
    rng: Generator,
) -> NDArray[np.int16]:
    """Make the series.

    Args:
        canvas: covers the same field of view as ``sampling``.
        sampling: the scanner's grid.
        slabs: HU to add, slab by slab, in order and without a gap.
        noise_hu: standard deviation of the noise.
        rng: makes it repeatable.

    Returns:
        int16 HU, axes z,y,x.
    """
    nz, ny, nx = sampling.shape_zyx
    out = np.empty((nz, ny, nx), np.int16)
    bank = _noise_bank(rng, (ny, nx), noise_hu)
    for slab, added in slabs:
        for z in range(slab.start, slab.stop):
            plane = _enlarged(canvas.hu, z, sampling)
            plane += added[z - slab.start]
            plane += _noise(bank, rng, (ny, nx))
            np.clip(plane, _LOWEST_HU, _HIGHEST_HU, out=plane)
            out[z] = np.rint(plane, out=plane)
    return out


def no_vessels(sampling: Sampling) -> Iterable[tuple[slice, NDArray[np.float32]]]:
    """Slabs that add nothing."""
    nz, ny, nx = sampling.shape_zyx
    empty = np.zeros((1, ny, nx), np.float32)
    return ((slice(z, z + 1), empty) for z in range(nz))


def _enlarged(coarse: NDArray[np.float32], z: int, sampling: Sampling) -> NDArray[np.float32]:
    nz, ny, nx = sampling.shape_zyx
    at = min(max((z + 0.5) * coarse.shape[0] / nz - 0.5, 0.0), coarse.shape[0] - 1.0)
    low = int(at)
    high = min(low + 1, coarse.shape[0] - 1)
    plane = cv2.addWeighted(coarse[low], 1.0 - (at - low), coarse[high], at - low, 0.0)
    return np.asarray(cv2.resize(plane, (nx, ny), interpolation=cv2.INTER_LINEAR), np.float32)


def _noise_bank(rng: Generator, shape: tuple[int, int], noise_hu: float) -> list[NDArray[np.float32]]:
    bank = []
    for _ in range(_BANK):
        white = rng.standard_normal((shape[0] + _SLACK, shape[1] + _SLACK), dtype=np.float32)
        grain = cv2.GaussianBlur(white, (0, 0), _GRAIN_PX)
        bank.append(np.asarray(grain * (noise_hu / float(grain.std())), np.float32))
    return bank


def _noise(bank: list[NDArray[np.float32]], rng: Generator, shape: tuple[int, int]) -> NDArray[np.float32]:
    picture = bank[int(rng.integers(len(bank)))]
    y, x = (int(v) for v in rng.integers(_SLACK, size=2))
    return picture[y : y + shape[0], x : x + shape[1]]
