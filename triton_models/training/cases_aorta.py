"""Whole synthetic abdomens to calibrate and to judge the aorta model on, by seeds that training never draws."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray

from triton_models.phantoms.abdomen import AbdomenParameters, render_abdomen
from triton_models.phantoms.aneurysm import Aneurysm, AneurysmParameters, Shape, aneurysm_of
from triton_models.phantoms.canvas import Canvas
from triton_models.phantoms.paint import Sampling
from triton_models.phantoms.regrid import regrid
from triton_models.phantoms.scanner import Acquisition, acquired, acquisition_by_lot
from triton_models.phantoms.torso import Phase, TorsoParameters, draw_torso
from triton_models.prepared import Prepared
from triton_models.preprocessing import aorta
from triton_models.training.blocks_aorta import aneurysm_by_lot, pose_by_lot, torso_by_lot
from triton_models.training.parts import Part
from triton_models.volume import Volume

FIRST_SEED = {Part.TRAIN: 1_000_000, Part.VALIDATION: 20_000_000, Part.TEST: 30_000_000}
_SEEDS_PER_RUN = 1_000_000
_FIELD_MM = 430.0
_FIRST_SIMULATED = 600_000
_SIMULATED_ON = (
    Sampling((135, 256, 256), (3.0, 1.5, 1.5)),
    Sampling((200, 256, 256), (2.0, 1.5, 1.5)),
    Sampling((82, 200, 200), (5.0, 1.9, 1.9)),
)
_THIN_MM = 2.5


@dataclass(frozen=True, slots=True)
class AbdomenCase:
    """One prepared abdomen and all that is true of it.

    Attributes:
        prepared: what the pathway's preprocessing made of it.
        diameter_mm: largest diameter square to the course, bifurcation to hiatus.
        obliquity_deg: lean of the course at the widest place.
        aneurysm, torso, acquisition: what it was drawn from.
    """

    prepared: Prepared
    diameter_mm: float
    obliquity_deg: float
    aneurysm: AneurysmParameters
    torso: TorsoParameters
    acquisition: Acquisition


def first_seed(part: Part, seed: int) -> int:
    """First of the seeds that a part of a run may use; no other part or run uses them."""
    return FIRST_SEED[part] + _SEEDS_PER_RUN * (seed % 7)


def abdomens(part: Part, count: int, *, seed: int) -> Iterator[AbdomenCase]:
    """Make ``count`` abdomens."""
    for number in range(count):
        yield abdomen(first_seed(part, seed) + number)


def abdomen(seed: int) -> AbdomenCase:
    """Draw, scan and prepare one abdomen."""
    rng = np.random.default_rng([seed, 59])
    wanted, around, imaged = aneurysm_by_lot(seed, rng), torso_by_lot(seed, rng), acquisition_by_lot(rng)
    aorta_drawn = aneurysm_of(wanted)
    low, top = float(rng.uniform(-190, -60)), float(rng.uniform(235, 330))
    prepared = aorta.prepare(_scanned(aorta_drawn, around, imaged, (low, top), rng))
    lean = float(aorta_drawn.vessel.obliquity_deg[aorta_drawn.widest])
    return AbdomenCase(prepared, aorta_drawn.diameter_mm, lean, wanted, around, imaged)


def simulated(count: int, *, seed: int) -> Iterator[AbdomenCase]:
    """Make abdomens as the simulator draws them: another painter, whose pictures training never shows."""
    for number in range(count):
        yield _simulated(_FIRST_SIMULATED + 10_000 * (seed % 7) + number, widened=number % 2 == 1)


def _simulated(seed: int, *, widened: bool) -> AbdomenCase:
    rng = np.random.default_rng([seed, 71])
    wanted = AbdomenParameters(
        seed=seed,
        max_diameter_mm=float(rng.uniform(30, 80)) if widened else None,
        contrast=bool(rng.random() < 0.7),  # noqa: PLR2004 - most studies are enhanced
        thrombus=float(rng.uniform(0, 0.6)),
        aneurysm_length_mm=float(rng.uniform(50, 110)),
        obliquity_deg=float(rng.uniform(0, 45)),
        normal_diameter_mm=float(rng.uniform(16, 23)),
        calcified=bool(rng.random() < 0.6),  # noqa: PLR2004 - a share
        noise_hu=float(rng.uniform(8, 22)),
        body_scale=float(rng.uniform(0.9, 1.12)),
    )
    hu, truth = render_abdomen(wanted, _SIMULATED_ON[int(rng.integers(len(_SIMULATED_ON)))])
    volume = regrid(hu, aorta.GRID, spacing_mm=truth.spacing_mm, origin_lps_mm=truth.origin_lps_mm)
    shape, phase = Shape.FUSIFORM if widened else Shape.NORMAL, Phase.ARTERIAL if wanted.contrast else Phase.NONE
    return AbdomenCase(
        prepared=aorta.prepare(volume),
        diameter_mm=truth.max_diameter_mm,
        obliquity_deg=wanted.obliquity_deg,
        aneurysm=AneurysmParameters(seed, shape, truth.max_diameter_mm, obliquity_deg=wanted.obliquity_deg),
        torso=TorsoParameters(seed, phase),
        acquisition=Acquisition(truth.spacing_mm[0], 0.0, 0.0, wanted.noise_hu, 0.0, 0.0),
    )


def _scanned(
    drawn: Aneurysm, around: TorsoParameters, imaged: Acquisition, reach_mm: tuple[float, float], rng: Generator
) -> Volume:
    """Draw between two heights and image it on a scanner's grid, then average onto the pathway's."""
    pixel = float(rng.uniform(1.4, 1.8))
    parts = 2 if imaged.thickness_mm > _THIN_MM else 1
    thickness = max(imaged.thickness_mm, 1.5)
    step = thickness / parts
    shape = (parts * int((reach_mm[1] - reach_mm[0]) / thickness), int(_FIELD_MM / pixel), int(_FIELD_MM / pixel))
    origin = (-pixel * (shape[2] - 1) / 2, -pixel * (shape[1] - 1) / 2, reach_mm[0])
    canvas = Canvas(Sampling(shape, (step, pixel, pixel)), origin, pose_by_lot(rng))
    draw_torso(canvas, around, drawn)
    slices = canvas.hu.reshape(-1, parts, *shape[1:]).mean(axis=1)
    single = _as_is(imaged)
    hu: NDArray[np.float32] = acquired(slices, (thickness, pixel, pixel), single, rng)
    x, y, z = origin
    return regrid(
        hu, aorta.GRID, spacing_mm=(thickness, pixel, pixel), origin_lps_mm=(x, y, z + step * (parts - 1) / 2)
    )


def _as_is(imaged: Acquisition) -> Acquisition:
    """The same acquisition for slices that already have their thickness."""
    return Acquisition(
        0.0, imaged.blur_mm, imaged.sharpen, imaged.noise_hu, imaged.grain_mm, imaged.streak_hu, imaged.gain,
        imaged.offset_hu,
    )  # fmt: skip
