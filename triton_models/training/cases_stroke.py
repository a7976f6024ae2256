"""Synthetic CTA heads for the LVO network: measured and drawn trees, split so that no tree is in two parts."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray

from triton_models.phantoms.brava import read_tree, tree_files
from triton_models.phantoms.head import HeadParameters, HeadTruth, random_occlusion, render_head
from triton_models.phantoms.occlusion import Segment
from triton_models.phantoms.paint import Sampling
from triton_models.phantoms.regrid import regrid
from triton_models.phantoms.tree import ArterialTree
from triton_models.prepared import Prepared
from triton_models.preprocessing import stroke
from triton_models.training.parts import Part

# How often each segment is blocked among the occluded heads; M1 and the carotid end are what thrombectomy treats.
_SHARES = {Segment.ICA_T: 0.3, Segment.M1: 0.4, Segment.M2: 0.2, Segment.BASILAR: 0.1}
_SAMPLINGS = (
    Sampling((180, 240, 240), (1.0, 0.95, 0.95)),
    Sampling((144, 288, 288), (1.25, 0.8, 0.8)),
    Sampling((240, 288, 288), (0.75, 0.8, 0.8)),
)
_FIRST_SEED = {Part.TRAIN: 100_000, Part.VALIDATION: 200_000, Part.TEST: 300_000}


@dataclass(frozen=True, slots=True)
class HeadCase:
    """One prepared head; ``measured`` says that its arteries are a person's and not drawn."""

    prepared: Prepared
    truth: HeadTruth
    measured: bool

    @property
    def volume(self) -> NDArray[np.uint8]:
        """The model's block, z,y,x."""
        block: NDArray[np.uint8] = np.asarray(self.prepared.inputs["volume"], np.uint8)[0, 0]
        return block


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


def heads(part: Part, count: int, *, data: Path | None, seed: int) -> Iterator[HeadCase]:
    """Make ``count`` heads, every second one blocked; heads that preprocessing refuses are an error in a phantom."""
    trees = [read_tree(path) for path in split_trees(data)[part]]
    first = _FIRST_SEED[part] + 10_000 * (seed % 7)
    for number in range(count):
        rng = np.random.default_rng([first, number])
        # In turn: normal drawn, blocked drawn, normal measured, blocked measured.
        tree = _varied(trees[int(rng.integers(len(trees)))], rng) if trees and number % 4 > 1 else None
        yield _head(first + number, tree, rng, blocked=number % 2 == 1)


def _varied(tree: ArterialTree, rng: Generator) -> ArterialTree:
    """Another person's proportions for a measured tree, and either handedness."""
    matrix = np.diag(rng.normal(1.0, 0.05, 3)) + rng.normal(0, 0.02, (3, 3))
    return (tree.mirrored() if rng.random() < 0.5 else tree).warped(matrix)  # noqa: PLR2004 - a coin


def _head(seed: int, tree: ArterialTree | None, rng: Generator, *, blocked: bool) -> HeadCase:
    segment = Segment(rng.choice([s.value for s in _SHARES], p=list(_SHARES.values())))
    arterial = float(rng.uniform(240, 480))
    parameters = HeadParameters(
        seed=seed,
        occlusion=random_occlusion(rng, segment) if blocked else None,
        tree=tree,
        arterial_hu=arterial,
        venous_hu=float(rng.uniform(0.3, 0.75)) * arterial,
        noise_hu=float(rng.uniform(6, 20)),
        yaw_deg=float(rng.normal(0, 3)),
        roll_deg=float(rng.normal(0, 2.5)),
        shift_mm=(float(rng.normal(0, 4)), float(rng.normal(0, 4))),
        top_margin_mm=float(rng.uniform(3, 15)),
    )
    sampling = _SAMPLINGS[int(rng.integers(len(_SAMPLINGS)))]
    hu, truth = render_head(parameters, sampling)
    volume = regrid(hu, stroke.GRID, spacing_mm=truth.spacing_mm, origin_lps_mm=truth.origin_lps_mm)
    prepared = stroke.prepare(volume)
    if prepared.refusal is not None:
        raise ValueError(f"phantom {seed} was refused: {prepared.refusal.reason}, {dict(prepared.facts)}")
    return HeadCase(prepared, truth, tree is not None)
