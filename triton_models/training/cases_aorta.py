"""Synthetic abdomens for the aorta network: every other one with an aneurysm, by seeds that no other part uses."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray

from triton_models.phantoms.abdomen import AbdomenParameters, AbdomenTruth, aorta_share, render_abdomen
from triton_models.phantoms.paint import Sampling
from triton_models.phantoms.regrid import regrid
from triton_models.prepared import Prepared
from triton_models.preprocessing import aorta
from triton_models.preprocessing.crop import crop_padded
from triton_models.training.parts import Part
from triton_models.volume import Volume

_SAMPLINGS = (
    Sampling((135, 256, 256), (3.0, 1.5, 1.5)),
    Sampling((200, 256, 256), (2.0, 1.5, 1.5)),
    Sampling((82, 200, 200), (5.0, 1.9, 1.9)),
)
_FIRST_SEED = {Part.TRAIN: 400_000, Part.VALIDATION: 500_000, Part.TEST: 600_000}
_WHOLE = 1000.0


@dataclass(frozen=True, slots=True)
class AbdomenCase:
    """One prepared abdomen: the model's column (uint8 z,y,x), the share of each voxel inside the wall, the truth."""

    prepared: Prepared
    share: NDArray[np.float32]
    truth: AbdomenTruth

    @property
    def volume(self) -> NDArray[np.uint8]:
        """The model's block, z,y,x."""
        block: NDArray[np.uint8] = np.asarray(self.prepared.inputs["volume"], np.uint8)[0, 0]
        return block


def abdomens(part: Part, count: int, *, seed: int) -> Iterator[AbdomenCase]:
    """Make ``count`` abdomens; an abdomen that preprocessing refuses is an error in a phantom."""
    first = _FIRST_SEED[part] + 10_000 * (seed % 7)
    for number in range(count):
        rng = np.random.default_rng([first, number])
        yield _abdomen(_parameters(first + number, rng, widened=number % 2 == 1), rng)


def _parameters(seed: int, rng: Generator, *, widened: bool) -> AbdomenParameters:
    return AbdomenParameters(
        seed=seed,
        max_diameter_mm=float(rng.uniform(26, 80)) if widened else None,
        contrast=bool(rng.random() < 0.7),  # noqa: PLR2004 - most studies are enhanced
        thrombus=float(rng.uniform(0, 0.6)),
        aneurysm_length_mm=float(rng.uniform(50, 110)),
        obliquity_deg=float(rng.uniform(0, 45)),
        normal_diameter_mm=float(rng.uniform(16, 24)),
        calcified=bool(rng.random() < 0.6),  # noqa: PLR2004 - a share
        noise_hu=float(rng.uniform(8, 22)),
        body_scale=float(rng.uniform(0.9, 1.12)),
    )


def _abdomen(parameters: AbdomenParameters, rng: Generator) -> AbdomenCase:
    sampling = _SAMPLINGS[int(rng.integers(len(_SAMPLINGS)))]
    hu, truth = render_abdomen(parameters, sampling)
    volume = _on_grid(hu, truth)
    prepared = aorta.prepare(volume)
    if prepared.refusal is not None:
        raise ValueError(f"phantom {parameters.seed} was refused: {prepared.refusal.reason}")
    # Averaged as HU are, so that partial volumes agree; scaled up because outside the source the grid holds -1024.
    share = _on_grid(aorta_share(parameters, sampling) * _WHOLE, truth)
    block = crop_padded(share.hu, _start(volume, prepared), aorta.CROP_ZYX)
    return AbdomenCase(prepared, np.clip(block / _WHOLE, 0.0, 1.0).astype(np.float32), truth)


def _on_grid(values: NDArray[np.int16] | NDArray[np.float32], truth: AbdomenTruth) -> Volume:
    return regrid(values, aorta.GRID, spacing_mm=truth.spacing_mm, origin_lps_mm=truth.origin_lps_mm)


def _start(volume: Volume, prepared: Prepared) -> tuple[int, int, int]:
    """Where preprocessing cut the column, from the facts that it gives."""
    facts, step = prepared.facts, volume.spacing_mm
    x, y, z = volume.origin_lps_mm
    return (
        round((facts["origin_z_mm"] - z) / step[0]),
        round((facts["origin_y_mm"] - y) / step[1]),
        round((facts["origin_x_mm"] - x) / step[2]),
    )
