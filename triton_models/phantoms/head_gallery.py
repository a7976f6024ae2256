"""One head for each class of disease, of hard negative and of inadequate scan, with what must be said of it.

For the simulator and for tests that send each kind through the running pipeline. Fixed seeds, drawn trees: no data
folder is needed, and the same code gives the same voxels. Trained on nothing of this.
"""

from __future__ import annotations

import dataclasses
import enum
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from schemas.findings import FindingState, Side
from triton_models.phantoms.acquisition import Acquisition
from triton_models.phantoms.head import HeadParameters, HeadTruth, render_head
from triton_models.phantoms.occlusion import Occlusion, Segment
from triton_models.phantoms.paint import Sampling
from triton_models.phantoms.skull import HeadStyle
from triton_models.phantoms.variants import TREE_VARIANTS, HardNegative, calcifications
from triton_models.phantoms.willis import draw_tree

SAMPLING = Sampling((200, 256, 256), (0.9, 0.85, 0.85))
_TOO_SHORT = Sampling((80, 256, 256), (0.9, 0.85, 0.85))
_SEED = 9_000
_SCAN = Acquisition(blur_mm=0.5, noise_hu=14.0, grain_mm=0.6)
_STYLE = HeadStyle(jitter_mm=1.0, clinoids=2, texture_hu=3.0, cortical_veins=3, rubble=12)


class Inadequate(enum.StrEnum):
    """Why a scan cannot be judged."""

    NO_CONTRAST = "no contrast"
    WRONG_PHASE = "wrong phase"
    CUT_COVERAGE = "cut coverage"
    MOTION = "motion"


Kind = Segment | HardNegative | Inadequate


@dataclass(frozen=True, slots=True, kw_only=True)
class GalleryHead:
    """One head and what must be said of it.

    Attributes:
        kind: what it is an example of.
        parameters, sampling: for ``render_head``.
        state: what the pathway must say; hard negatives must not be detected.
        side: of the occlusion.
        reason: the words with which an inadequate scan is refused, or part of them.
    """

    kind: Kind
    parameters: HeadParameters
    sampling: Sampling = SAMPLING
    state: FindingState
    side: Side = Side.NONE
    reason: str = ""


def gallery(seed: int = _SEED) -> tuple[GalleryHead, ...]:
    """All kinds: four occlusions, six hard negatives, four scans that cannot be judged."""
    return tuple(
        [_blocked(seed + n, segment) for n, segment in enumerate(Segment)]
        + [_open(seed + 10 + n, kind) for n, kind in enumerate(HardNegative)]
        + [_inadequate(seed + 20 + n, kind) for n, kind in enumerate(Inadequate)]
    )


def rendered(head: GalleryHead) -> tuple[NDArray[np.int16], HeadTruth]:
    """Render one: int16 HU, axes z,y,x to superior, posterior and the patient's left; and the truth."""
    return render_head(head.parameters, head.sampling)


def _person(seed: int) -> HeadParameters:
    return HeadParameters(seed, tree=draw_tree(seed), style=_STYLE, acquisition=_SCAN, yaw_deg=3.0, roll_deg=-2.0)


def _blocked(seed: int, segment: Segment) -> GalleryHead:
    side = {Segment.BASILAR: Side.MIDLINE, Segment.M1: Side.RIGHT}.get(segment, Side.LEFT)
    occlusion = Occlusion(segment, side, length_mm=12.0, collateral=0.25)
    parameters = dataclasses.replace(_person(seed), occlusion=occlusion)
    return GalleryHead(kind=segment, parameters=parameters, state=FindingState.DETECTED, side=side)


def _open(seed: int, kind: HardNegative) -> GalleryHead:
    rng, person = np.random.default_rng([seed, 3]), _person(seed)
    tree = draw_tree(seed)
    if kind in TREE_VARIANTS:
        person = dataclasses.replace(person, tree=TREE_VARIANTS[kind](tree, rng))
    elif kind is HardNegative.CALCIFICATION:
        person = dataclasses.replace(person, calcified=calcifications(tree, rng))
    elif kind is HardNegative.VENOUS:
        person = dataclasses.replace(person, arterial_hu=240.0, venous_hu=250.0)
    else:
        person = dataclasses.replace(person, yaw_deg=14.0, roll_deg=6.0)
    return GalleryHead(kind=kind, parameters=person, state=FindingState.NOT_DETECTED)


def _inadequate(seed: int, kind: Inadequate) -> GalleryHead:
    person, sampling, reason = _person(seed), SAMPLING, kind.value
    if kind is Inadequate.NO_CONTRAST:
        person = dataclasses.replace(person, contrast=False)
    elif kind is Inadequate.WRONG_PHASE:
        person = dataclasses.replace(person, arterial_hu=110.0, venous_hu=230.0)
    elif kind is Inadequate.CUT_COVERAGE:
        sampling, reason = _TOO_SHORT, "coverage does not include the circle of Willis"
    else:
        person = dataclasses.replace(person, acquisition=dataclasses.replace(_SCAN, jitter_mm=5.0))
    return GalleryHead(kind=kind, parameters=person, sampling=sampling, state=FindingState.INDETERMINATE, reason=reason)
