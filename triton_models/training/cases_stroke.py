"""Synthetic CTA heads for the LVO network: measured and drawn trees, split so that no tree is in two parts.

Every head differs in all that must not matter (bone, veins, kernel, noise, thickness, contrast, position); the blocked
ones differ from the others in the clot alone, and many of the others look blocked to a careless reader.
"""

from __future__ import annotations

import dataclasses
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray

from schemas.findings import Side
from triton_models.phantoms.acquisition import Acquisition, random_acquisition
from triton_models.phantoms.brava import read_tree, tree_files
from triton_models.phantoms.head import HeadParameters, HeadTruth, is_judgeable, render_head
from triton_models.phantoms.occlusion import Occlusion, Segment
from triton_models.phantoms.paint import Sampling
from triton_models.phantoms.regrid import regrid
from triton_models.phantoms.skull import random_style
from triton_models.phantoms.tree import ArterialTree
from triton_models.phantoms.variants import (
    TREE_VARIANTS,
    HardNegative,
    calcifications,
    grafted,
    recalibrated,
    reshaped,
    shortened_below,
)
from triton_models.phantoms.willis import draw_tree
from triton_models.prepared import Prepared
from triton_models.preprocessing import stroke
from triton_models.training.parts import Part
from triton_models.volume import Volume

# How often each segment is blocked among the occluded heads; M1 and the carotid end are what thrombectomy treats.
# What is hard to see is trained more often.
_SHARES = {Segment.ICA_T: 0.25, Segment.M1: 0.33, Segment.M2: 0.27, Segment.BASILAR: 0.15}
_TRAIN_SHARES = {Segment.ICA_T: 0.17, Segment.M1: 0.25, Segment.M2: 0.4, Segment.BASILAR: 0.18}
# Rendered grids, and how many of their slices make one slice of the series: 0.5 to 3 mm thick.
_SAMPLINGS = (
    (Sampling((165, 224, 224), (1.0, 1.0, 1.0)), 1),
    (Sampling((165, 224, 224), (1.0, 1.0, 1.0)), 2),
    (Sampling((168, 224, 224), (1.0, 1.0, 1.0)), 3),
    (Sampling((220, 256, 256), (0.75, 0.86, 0.86)), 1),
    (Sampling((220, 256, 256), (0.75, 0.9, 0.9)), 2),
    (Sampling((200, 288, 288), (0.8, 0.75, 0.75)), 1),
    (Sampling((300, 300, 300), (0.55, 0.73, 0.73)), 1),
)
_SAMPLING_SHARES = (0.34, 0.19, 0.16, 0.1, 0.1, 0.1, 0.01)
_FIRST_SEED = {Part.TRAIN: 100_000, Part.VALIDATION: 200_000, Part.TEST: 300_000}
_MEASURED_SHARE = 0.75
_GRAFTED_SHARE = 0.6
_HARD_SHARE = {True: 0.3, False: 0.65}
_TREE_LIMIT_SHARE = 0.3


@dataclass(frozen=True, slots=True)
class HeadCase:
    """One prepared head.

    Attributes:
        prepared: what preprocessing made of it; it may have been refused.
        truth: what is in it.
        measured: its arteries are a person's and not drawn.
        hard: what about it looks like an occlusion, if anything.
        facts: how it was scanned.
    """

    prepared: Prepared
    truth: HeadTruth
    measured: bool
    hard: HardNegative | None
    facts: dict[str, float]


def split_trees(data: Path | None) -> dict[Part, list[Path]]:
    """Deal the measured trees out: every fifth for the test, the next for validation, the others for training."""
    if data is None:
        return {part: [] for part in Part}
    files = tree_files(data)
    return {
        Part.TEST: files[0::5],
        Part.VALIDATION: files[1::5],
        Part.TRAIN: [f for i, f in enumerate(files) if i % 5 > 1],
    }


def heads(part: Part, count: int, *, data: Path | None, seed: int, first: int = 0) -> Iterator[HeadCase]:
    """Make heads ``first`` … ``first + count - 1`` of a part, every second one blocked."""
    for case, _, _ in scanned_heads(part, count, data=data, seed=seed, first=first):
        yield case


def scanned_heads(
    part: Part, count: int, *, data: Path | None, seed: int, first: int = 0
) -> Iterator[tuple[HeadCase, NDArray[np.int16], HeadTruth]]:
    """As ``heads``, with the series itself beside each case; occlusions that are not of a large vessel are left out."""
    trees = [read_tree(path) for path in split_trees(data)[part]]
    base = _FIRST_SEED[part] + 10_000 * (seed % 7)
    for number in range(first, first + count):
        rng = np.random.default_rng([base, number])
        measured = bool(trees) and rng.random() < _MEASURED_SHARE
        tree = _someone(trees, rng) if measured else draw_tree(base + number)
        shares = _TRAIN_SHARES if part is Part.TRAIN else _SHARES
        parameters, hard = _parameters(base + number, tree, rng, shares=shares if number % 2 == 1 else None)
        if not is_judgeable(parameters):
            continue
        sampling, merged = _SAMPLINGS[int(rng.choice(len(_SAMPLINGS), p=_SAMPLING_SHARES))]
        acquisition = random_acquisition(rng, merged=merged)
        yield _scanned(dataclasses.replace(parameters, acquisition=acquisition), sampling, measured=measured, hard=hard)


def plain_heads(part: Part, count: int, *, seed: int, first: int = 0) -> Iterator[HeadCase]:
    """Heads that differ in little but their drawn arteries, every second one blocked without collaterals."""
    base = _FIRST_SEED[part] + 10_000 * (seed % 7)
    scan = Acquisition(noise_hu=6.0)
    for number in range(first, first + count):
        rng = np.random.default_rng([base, number])
        segment = (Segment.ICA_T, Segment.M1)[int(rng.integers(2))]
        side = (Side.LEFT, Side.RIGHT)[int(rng.integers(2))]
        blocked = Occlusion(segment, side, 14.0, 0.0) if number % 2 == 1 else None
        parameters = HeadParameters(base + number, occlusion=blocked, tree=draw_tree(base + number))
        case, _, _ = _scanned(
            dataclasses.replace(parameters, acquisition=scan), _SAMPLINGS[0][0], measured=False, hard=None
        )
        yield case


def _someone(trees: list[ArterialTree], rng: Generator) -> ArterialTree:
    """A measured tree, or one side of one beside the rest of another."""
    tree = trees[int(rng.integers(len(trees)))]
    if rng.random() >= _GRAFTED_SHARE:
        return tree
    side = (Side.LEFT, Side.RIGHT)[int(rng.integers(2))]
    donor = trees[int(rng.integers(len(trees)))]
    return grafted(tree, donor, side)


def _parameters(
    seed: int, tree: ArterialTree, rng: Generator, *, shares: dict[Segment, float] | None
) -> tuple[HeadParameters, HardNegative | None]:
    """One head; ``shares`` says how often which segment is blocked, None leaves all open."""
    blocked = shares is not None
    hard = _hard(rng, blocked=blocked)
    varied = recalibrated(reshaped(tree, rng), rng)
    if hard in TREE_VARIANTS:
        varied = TREE_VARIANTS[hard](varied, rng)
    if rng.random() < _TREE_LIMIT_SHARE:
        varied = shortened_below(varied, float(rng.uniform(-50, -14)))
    parameters = HeadParameters(
        seed=seed,
        occlusion=_occlusion(rng, shares) if shares else None,
        tree=varied,
        style=random_style(rng),
        calcified=calcifications(varied, rng) if hard is HardNegative.CALCIFICATION else None,
        clot_hu=float(rng.uniform(5, 45)),
        top_margin_mm=float(rng.uniform(-25, 0) if rng.random() < 0.1 else rng.uniform(2, 25)),  # noqa: PLR2004 - a share
        shift_mm=(float(rng.normal(0, 5)), float(rng.normal(0, 5))),
        **_phase(rng, hard),
        **_position(rng, hard),
    )
    return parameters, hard


def _hard(rng: Generator, *, blocked: bool) -> HardNegative | None:
    """Half of the heads or so have something that distracts; a blocked one is never narrowed besides."""
    kinds = [kind for kind in HardNegative if not (blocked and kind is HardNegative.STENOSIS)]
    chosen = kinds[int(rng.integers(len(kinds)))]
    return chosen if rng.random() < _HARD_SHARE[blocked] else None


def _occlusion(rng: Generator, shares: dict[Segment, float]) -> Occlusion:
    segment = Segment(rng.choice([s.value for s in shares], p=list(shares.values())))
    side = Side.MIDLINE if segment is Segment.BASILAR else (Side.LEFT, Side.RIGHT)[int(rng.integers(2))]
    collateral = float(max(0.0, rng.uniform(-0.2, 0.95)))
    return Occlusion(segment, side, float(rng.uniform(5, 20)), collateral)


def _phase(rng: Generator, hard: HardNegative | None) -> dict[str, Any]:
    if hard is HardNegative.VENOUS:
        arterial = float(rng.uniform(180, 300))
        return {"arterial_hu": arterial, "venous_hu": float(rng.uniform(0.85, 1.3)) * arterial}
    arterial = float(np.exp(rng.uniform(np.log(190), np.log(560))))
    return {"arterial_hu": arterial, "venous_hu": float(rng.uniform(0.15, 0.85)) * arterial}


def _position(rng: Generator, hard: HardNegative | None) -> dict[str, Any]:
    if hard is HardNegative.ROTATION:
        yaw, roll = (float(rng.choice([-1, 1]) * rng.uniform(*reach)) for reach in ((8, 20), (3, 9)))
    else:
        yaw, roll = float(rng.normal(0, 4)), float(rng.normal(0, 3))
    return {"yaw_deg": yaw, "roll_deg": roll, "pitch_deg": float(rng.normal(0, 8))}


def _scanned(
    parameters: HeadParameters, sampling: Sampling, *, measured: bool, hard: HardNegative | None
) -> tuple[HeadCase, NDArray[np.int16], HeadTruth]:
    acquisition = parameters.acquisition or Acquisition()
    hu, truth = render_head(parameters, sampling)
    facts = {
        "slice_mm": truth.spacing_mm[0],
        "kernel": acquisition.sharpen - acquisition.blur_mm,
        "noise_hu": acquisition.noise_hu,
        "arterial_hu": parameters.arterial_hu,
        "venous_share": parameters.venous_hu / parameters.arterial_hu,
        "collateral": parameters.occlusion.collateral if parameters.occlusion else -1.0,
    }
    volume = on_grid(hu, truth)
    start = time.perf_counter()
    prepared = stroke.prepare(volume)
    facts["prepare_s"] = time.perf_counter() - start
    return HeadCase(prepared, truth, measured, hard, facts), hu, truth


def on_grid(hu: NDArray[np.int16], truth: HeadTruth) -> Volume:
    """The series on the grid of the pathway."""
    return regrid(hu, stroke.GRID, spacing_mm=truth.spacing_mm, origin_lps_mm=truth.origin_lps_mm)
