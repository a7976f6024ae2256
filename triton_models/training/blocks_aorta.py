"""Training blocks for the aorta network: trunks drawn on the model's own grid, imaged anew each time they are used."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import torch
from numpy.random import Generator
from numpy.typing import NDArray

from triton_models.phantoms.aneurysm import AneurysmParameters, Shape, aneurysm_of
from triton_models.phantoms.canvas import Canvas, Pose
from triton_models.phantoms.paint import Sampling
from triton_models.phantoms.scanner import acquired, acquisition_by_lot
from triton_models.phantoms.torso import Phase, TorsoParameters, draw_torso
from triton_models.preprocessing import aorta
from triton_models.preprocessing.crop import to_uint8
from triton_models.training.fit import Batch
from triton_models.volume import PAD_HU

# Two sizes: many small blocks, and now and then one that shows more of the surroundings.
BLOCK_ZYX, LARGE_ZYX = (64, 80, 80), (112, 112, 112)
_LARGE = 0.25
_NEAR_AORTA = 0.65
_JITTER = (26, 30, 30)
_FIELD_CUT, _SLAB, _SLAB_SLICES = 0.15, 0.12, (12, 44)


@dataclass(frozen=True, slots=True)
class Block:
    """One drawn trunk: HU without noise, and 0..255 shares of the aorta; axes z,y,x."""

    hu: NDArray[np.float16]
    share: NDArray[np.uint8]


def aneurysm_by_lot(seed: int, rng: Generator) -> AneurysmParameters:
    """Draw an aorta; diameters near aneurysm size are as frequent as large ones."""
    shape = Shape(rng.choice([Shape.NORMAL, Shape.FUSIFORM, Shape.SACCULAR], p=[0.38, 0.47, 0.15]))
    base = float(rng.uniform(13.5, 25.0))
    return AneurysmParameters(
        seed=seed,
        shape=shape,
        diameter_mm=max(float(rng.uniform(24, 82)), base + 3.0),
        base_mm=base,
        obliquity_deg=float(rng.uniform(0, 60)) if rng.random() < 0.7 else float(rng.uniform(0, 15)),  # noqa: PLR2004 - a share
        thrombus=float(rng.uniform(0, 0.9)) if rng.random() < 0.75 else 0.0,  # noqa: PLR2004 - a share
    )


def torso_by_lot(seed: int, rng: Generator) -> TorsoParameters:
    """Draw a patient and a phase."""
    return TorsoParameters(
        seed=seed,
        phase=Phase(rng.choice([Phase.NONE, Phase.ARTERIAL, Phase.PORTAL], p=[0.4, 0.35, 0.25])),
        size=float(rng.uniform(0.85, 1.2)),
        lean=float(rng.uniform(0, 1)),
        bleeding=bool(rng.random() < 0.07),  # noqa: PLR2004 - a share
    )


def pose_by_lot(rng: Generator) -> Pose:
    """Draw how the patient lies."""
    shift = (float(rng.normal(0, 8)), float(rng.normal(0, 8)), 0.0)
    return Pose.from_degrees(yaw=float(rng.normal(0, 6)), roll=float(rng.normal(0, 4)), shift_mm=shift)


def drawn_block(seed: int) -> Block:
    """Draw one trunk on the model's grid."""
    rng = np.random.default_rng([seed, 47])
    nz, ny, nx = aorta.CROP_ZYX
    dz, dy, dx = aorta.GRID.spacing_mm
    low = float(rng.uniform(-190, 10))
    origin = (-dx * (nx - 1) / 2, -dy * (ny - 1) / 2, low)
    canvas = Canvas(Sampling((nz, ny, nx), (dz, dy, dx)), origin, pose_by_lot(rng))
    share = draw_torso(canvas, torso_by_lot(seed, rng), aneurysm_of(aneurysm_by_lot(seed, rng)))
    return Block(canvas.hu.astype(np.float16), np.rint(share * 255).astype(np.uint8))


def batches(blocks: list[Block], *, seed: int, size: int) -> Iterator[Batch]:
    """Cut, image and stack blocks for ever: ``size`` small ones, or one large one."""
    rng = np.random.default_rng([seed, 53])
    while True:
        shape, count = (LARGE_ZYX, 1) if rng.random() < _LARGE else (BLOCK_ZYX, size)
        pairs = [imaged(blocks[int(rng.integers(len(blocks)))], shape, rng) for _ in range(count)]
        yield Batch(
            torch.from_numpy(np.stack([image for image, _ in pairs])[:, None]),
            torch.from_numpy(np.stack([share for _, share in pairs])[:, None]),
        )


def imaged(block: Block, shape: tuple[int, int, int], rng: Generator) -> tuple[NDArray[np.uint8], NDArray[np.float32]]:
    """Cut a block of this shape and image it as some scanner would: the model's bytes, and the share of the aorta."""
    place = _place(block.share, shape, rng)
    hu, share = block.hu[place].astype(np.float32), block.share[place].astype(np.float32) / 255.0
    made = acquired(hu, aorta.GRID.spacing_mm, acquisition_by_lot(rng), rng)
    low, high = _covered(len(made), rng)
    for outside in (slice(0, low), slice(high, None)):
        made[outside], share[outside] = PAD_HU, 0.0
    return to_uint8(made, *aorta.WINDOW_HU), np.ascontiguousarray(share)


def _covered(count: int, rng: Generator) -> tuple[int, int]:
    """First and last (exclusive) slice that the scan covers: all, all but one end, or a slab of a few."""
    lot = rng.random()
    if lot < _SLAB:
        kept = min(int(rng.integers(*_SLAB_SLICES)), count)
        low = int(rng.integers(count - kept + 1))
        return low, low + kept
    if lot < _SLAB + _FIELD_CUT:
        cut = int(rng.integers(1, 40))
        return (cut, count) if rng.random() < 0.5 else (0, count - cut)  # noqa: PLR2004 - a coin
    return 0, count


def _place(share: NDArray[np.uint8], shape: tuple[int, int, int], rng: Generator) -> tuple[slice, ...]:
    """Choose a block: around a voxel of the aorta most times, anywhere else now and then."""
    limits = [size - block for size, block in zip(share.shape, shape, strict=True)]
    if rng.random() < _NEAR_AORTA:
        inside = np.argwhere(share[::4, ::4, ::4] > 128) * 4  # noqa: PLR2004 - more aorta than not
        centre = inside[int(rng.integers(len(inside)))] + rng.integers(-1, 2, 3) * rng.integers(0, _JITTER)
        starts = [int(c) - block // 2 for c, block in zip(centre, shape, strict=True)]
    else:
        starts = [int(rng.integers(limit + 1)) for limit in limits]
    kept = [min(max(start, 0), limit) for start, limit in zip(starts, limits, strict=True)]
    return tuple(slice(start, start + block) for start, block in zip(kept, shape, strict=True))
