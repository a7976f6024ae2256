"""Keeps prepared heads on disk in shards, so that an interrupted run goes on where it stopped.

Called by ``training.stroke``. A shard is a pure function of part, seed, number, trees and the code that made it; its
folder is named by a hash of that code.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

import triton_models
from schemas.findings import Side
from triton_models.postprocessing.stroke import SEGMENTS, block_point
from triton_models.training.cases_stroke import HeadCase, heads, plain_heads
from triton_models.training.parts import Part
from triton_models.training.record import progress_over

SHARD = 50
_FOLDER = Path(".codestroke") / "cases"
_CODE = ("phantoms/*.py", "preprocessing/*.py", "training/cases_stroke.py")
_LATERAL = {Side.LEFT: 0, Side.RIGHT: 1}
NOBODY = -1


@dataclass(frozen=True, slots=True)
class Heads:
    """Prepared heads that were not refused.

    Attributes:
        slabs: (n,2,z,y,x) uint8.
        segment: (n,) index into ``SEGMENTS``, -1 for open arteries.
        lateral: (n,) 0 left, 1 right, -1 neither.
        site: (n,3) z,y,x of the clot in voxels of the block.
    """

    slabs: NDArray[np.uint8]
    segment: NDArray[np.int64]
    lateral: NDArray[np.int64]
    site: NDArray[np.float32]


def stored_heads(part: Part, count: int, *, data: Path | None, seed: int, plain: bool = False) -> Heads:
    """Make, or read again, the first ``count`` heads of a part; ``plain`` ones are those of a tiny run."""
    if plain:
        return _stacked(list(plain_heads(part, count, seed=seed)))
    folder = _FOLDER / f"stroke-{_digest(data)}-{seed}"
    folder.mkdir(parents=True, exist_ok=True)
    starts = range(0, count, SHARD)
    shards = [
        _shard(folder, part, first, min(SHARD, count - first), data=data, seed=seed)
        for first in progress_over(starts, len(starts), f"{part.value} heads, {SHARD} at a time")
    ]
    return _joined(shards)


def _joined(shards: list[Heads]) -> Heads:
    """Put shards together; each is let go as it is copied, for thousands of heads take gigabytes."""
    small = [np.concatenate([getattr(s, name) for s in shards]) for name in ("segment", "lateral", "site")]
    slabs = np.empty((len(small[0]), *shards[0].slabs.shape[1:]), np.uint8)
    at = 0
    while shards:
        part = shards.pop(0).slabs
        slabs[at : at + len(part)] = part
        at += len(part)
    return Heads(slabs, *small)


def _shard(folder: Path, part: Part, first: int, count: int, *, data: Path | None, seed: int) -> Heads:
    path = folder / f"{part.value}-{first:05d}-{count}.npz"
    if not path.exists():
        found = _stacked([case for case in heads(part, count, data=data, seed=seed, first=first)])
        unfinished = path.with_suffix(".part.npz")
        np.savez(unfinished, **{name: getattr(found, name) for name in Heads.__slots__})
        unfinished.replace(path)
    with np.load(path) as stored:
        return Heads(*(stored[name] for name in Heads.__slots__))


def _stacked(cases: list[HeadCase]) -> Heads:
    kept = [case for case in cases if case.prepared.refusal is None]
    return Heads(
        np.stack([np.asarray(case.prepared.inputs["slabs"], np.uint8)[0] for case in kept]),
        np.array([SEGMENTS.index(c.truth.segment.value) if c.truth.segment else NOBODY for c in kept], np.int64),
        np.array([_LATERAL.get(c.truth.side, NOBODY) for c in kept], np.int64),
        np.stack([_site(case) for case in kept]),
    )


def _site(case: HeadCase) -> NDArray[np.float32]:
    if case.truth.site_lps_mm is None:
        return np.full(3, -1.0, np.float32)
    return np.asarray(block_point(case.truth.site_lps_mm, case.prepared.facts), np.float32)


def _digest(data: Path | None) -> str:
    root = Path(triton_models.__file__).parent
    total = hashlib.sha256(str(data is not None).encode())
    for pattern in _CODE:
        for path in sorted(root.glob(pattern)):
            total.update(path.read_bytes())
    return total.hexdigest()[:12]
