"""Batches for the LVO network: halves of heads, moved, turned, faded and recombined so that only the clot matters.

Called by ``training.stroke``; everything here works on the bytes that the served model gets.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import cv2
import numpy as np
import torch
from numpy.random import Generator
from numpy.typing import NDArray

from triton_models.postprocessing.stroke import HEAT_STRIDE, SEGMENTS
from triton_models.training.fit import Batch
from triton_models.training.store_stroke import NOBODY, Heads

Half = NDArray[np.uint8]

# As in the network: each half begins this many millimetres before the midline.
OVER_MM = 8
_WIDTH_MM = (9.0, 6.0, 6.0)
_AFFECTED_SHARE = 0.5
# How often each segment is drawn among the blocked halves, in the order of ``SEGMENTS``: more of what is harder to see.
_SEGMENT_SHARES = (0.14, 0.22, 0.42, 0.22)
_GRAIN_SIZE = 1 << 21
_RECOMBINED_SHARE = 0.25
_TURNED_SHARE = 0.6
_SLAB_MM = HEAT_STRIDE[0] // 2


@dataclass(frozen=True, slots=True)
class _Labelled:
    """One half (4,z,y,x), own side first; the segment blocked on it or -1, and where (z, y, x in mm of the half)."""

    image: Half
    segment: int
    site: NDArray[np.float64]


def batches(heads: Heads, size: int, *, seed: int) -> Iterator[Batch]:
    """Draw batches without end; half of the halves are blocked."""
    rng = np.random.default_rng(seed)
    grain = rng.standard_normal(_GRAIN_SIZE, dtype=np.float32)
    pools = _pools(heads)
    while True:
        drawn = [_varied(_half(heads, pools, rng), grain, rng) for _ in range(size)]
        yield Batch(
            torch.from_numpy(np.stack([half.image for half in drawn])),
            torch.from_numpy(np.stack([heat_target(half.segment, half.site, half.image.shape[1:]) for half in drawn])),
        )


def heat_target(segment: int, site: NDArray[np.float64], shape_zyx: tuple[int, ...]) -> NDArray[np.float32]:
    """A Gaussian where contrast stops, in the channel of its segment; all zero without occlusion on this half."""
    extent = (shape_zyx[0] * _SLAB_MM, *shape_zyx[1:])
    cells = tuple(n // stride for n, stride in zip(extent, HEAT_STRIDE, strict=True))
    heat = np.zeros((len(SEGMENTS), *cells), np.float32)
    if segment == NOBODY:
        return heat
    z, y, x = (
        (np.arange(n) * stride + (stride - 1) / 2 - at) / width
        for n, stride, at, width in zip(cells, HEAT_STRIDE, site, _WIDTH_MM, strict=True)
    )
    heat[segment] = np.exp(-(z[:, None, None] ** 2 + y[None, :, None] ** 2 + x[None, None, :] ** 2) / 2)
    return heat


@dataclass(frozen=True, slots=True)
class _Pools:
    """Heads to draw from: blocked ones by segment with the chance of each segment, and those with an open side."""

    blocked: tuple[NDArray[np.intp], ...]
    chances: NDArray[np.float64]
    open_sided: NDArray[np.intp]


def _pools(heads: Heads) -> _Pools:
    blocked = tuple(np.flatnonzero(heads.segment == segment) for segment in range(len(SEGMENTS)))
    weights = np.array(_SEGMENT_SHARES) * [pool.size > 0 for pool in blocked]
    open_sided = np.flatnonzero((heads.lateral != NOBODY) | (heads.segment == NOBODY))
    return _Pools(blocked, weights / weights.sum(), open_sided)


def _half(heads: Heads, pools: _Pools, rng: Generator) -> _Labelled:
    """The blocked side of a blocked head, or any open side; now and then beside another person's other side."""
    if rng.random() < _AFFECTED_SHARE:
        index = int(rng.choice(pools.blocked[int(rng.choice(len(SEGMENTS), p=pools.chances))]))
        side = int(heads.lateral[index]) if heads.lateral[index] != NOBODY else int(rng.integers(2))
    else:
        index = int(rng.choice(pools.open_sided))
        side = 1 - int(heads.lateral[index]) if heads.lateral[index] != NOBODY else int(rng.integers(2))
    own, other = _cut(heads.slabs[index], side), _cut(heads.slabs[index], 1 - side)
    if rng.random() < _RECOMBINED_SHARE:
        other = _cut(heads.slabs[int(rng.integers(len(heads.slabs)))], int(rng.integers(2)))
    return _labelled(heads, index, side, np.concatenate([own, other]))


def _cut(slabs: NDArray[np.uint8], side: int) -> Half:
    """The left (0) half as it is, or the right (1) half mirrored: the midline comes first."""
    middle = slabs.shape[3] // 2
    facing = slabs if side == 0 else slabs[..., ::-1]
    return facing[..., middle - OVER_MM :]


def _labelled(heads: Heads, index: int, side: int, image: Half) -> _Labelled:
    segment, lateral = int(heads.segment[index]), int(heads.lateral[index])
    if segment == NOBODY or lateral == 1 - side:
        return _Labelled(image, NOBODY, np.zeros(3))
    z, y, x = (float(v) for v in heads.site[index])
    full = heads.slabs.shape[4]
    x = x if side == 0 else full - 1 - x
    return _Labelled(image, segment, np.array([z, y, x - (full // 2 - OVER_MM)]))


def _varied(half: _Labelled, grain: NDArray[np.float32], rng: Generator) -> _Labelled:
    return _faded(_moved(_turned(half, rng), rng), grain, rng)


def _turned(half: _Labelled, rng: Generator) -> _Labelled:
    """Turn, stretch and shift in plane; the two sides shift apart, as where the midline is missed."""
    if rng.random() >= _TURNED_SHARE:
        return half
    _, nz, ny, nx = half.image.shape
    apart = rng.normal(0, 1.5)
    out = np.empty_like(half.image)
    base = cv2.getRotationMatrix2D((OVER_MM, ny / 2), rng.normal(0, 4), float(np.exp(rng.normal(0, 0.05))))
    base[1, 2] += rng.normal(0, 5)
    moved = half.site
    for first, shift in ((0, apart), (2, -apart)):
        matrix = base.copy()
        matrix[0, 2] += shift
        for z in range(nz):
            for channel in (first, first + 1):
                out[channel, z] = cv2.warpAffine(np.ascontiguousarray(half.image[channel, z]), matrix, (nx, ny))
        if first == 0 and half.segment != NOBODY:
            x, y = matrix @ np.array([half.site[2], half.site[1], 1.0])
            moved = np.array([half.site[0], y, x])
    return _Labelled(out, half.segment, moved)


def _moved(half: _Labelled, rng: Generator) -> _Labelled:
    """Shift up or down by whole slabs; what comes in is empty."""
    dz = int(np.clip(np.rint(rng.normal(0, 2.0)), -5, 5))
    if dz == 0:
        return half
    out = np.zeros_like(half.image)
    if dz > 0:
        out[:, dz:] = half.image[:, :-dz]
    else:
        out[:, :dz] = half.image[:, -dz:]
    return _Labelled(out, half.segment, half.site + np.array([dz * _SLAB_MM, 0.0, 0.0]))


def _faded(half: _Labelled, grain: NDArray[np.float32], rng: Generator) -> _Labelled:
    """Change brightness and grain of the vessels, alike on both sides; hide the bone now and then."""
    image = half.image.copy()
    level = np.arange(256) / 255.0
    curve = 255.0 * level ** float(np.exp(rng.normal(0, 0.15))) * float(np.exp(rng.normal(0, 0.12)))
    vessels = curve.astype(np.float32)[image[[0, 2]]]
    if rng.random() < 0.5:  # noqa: PLR2004 - a coin
        at = int(rng.integers(grain.size - vessels.size))
        vessels += grain[at : at + vessels.size].reshape(vessels.shape) * np.float32(rng.uniform(0, 12))
    if rng.random() < 0.2:  # noqa: PLR2004 - a share
        vessels[..., 1:] = 0.5 * (vessels[..., 1:] + vessels[..., :-1])
    image[[0, 2]] = np.clip(vessels, 0, 255).astype(np.uint8)
    if rng.random() < 0.1:  # noqa: PLR2004 - a share
        image[[1, 3]] = 0
    return _Labelled(image, half.segment, half.site)
