"""One abdomen for each class of disease and of hard negative, always the same: to send through a running pipeline.

Called by checks of the whole pipeline and by the evaluation's pictures; draws with ``phantoms.torso`` and images with
``phantoms.scanner``. The seeds are used by no training, validation or test part.
"""

from __future__ import annotations

import enum
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from triton_models.phantoms.aneurysm import HIATUS_MM, Aneurysm, AneurysmParameters, Shape, aneurysm_of
from triton_models.phantoms.canvas import Canvas, Pose
from triton_models.phantoms.paint import Sampling
from triton_models.phantoms.scanner import Acquisition, acquired
from triton_models.phantoms.torso import Phase, TorsoParameters, draw_torso

_SEED = 90_000_000
_SLICE_MM, _PIXEL_MM, _ROWS = 2.5, 1.5, 280
_WHOLE_MM = (-110.0, 250.0)
_HIATUS_UP_MM = (HIATUS_MM + 25.0, HIATUS_MM + 245.0)


class AbdomenClass(enum.StrEnum):
    """What the abdomen shows."""

    NORMAL = "normal"
    ECTATIC = "ectatic"
    SMALL = "aneurysm of 35 mm"
    LARGE = "aneurysm of 57 mm"
    HUGE = "aneurysm of 75 mm"
    SACCULAR = "saccular aneurysm"
    BLEEDING = "aneurysm with blood beside it"
    OBLIQUE = "normal aorta on an oblique course"
    TRUNCATED = "scan that ends above the bifurcation"
    CHEST = "chest alone"


@dataclass(frozen=True, slots=True)
class ScannedAbdomen:
    """A scan and what is true of it.

    Attributes:
        hu: int16, axes z,y,x to superior, posterior and the patient's left.
        spacing_mm: z, y, x.
        origin_lps_mm: x, y, z of the centre of voxel (0, 0, 0).
        contrast: of the lumen.
        diameter_mm: largest diameter square to the course between bifurcation and hiatus.
        outcomes: what the pathway may answer, as states of a finding or ``not_applicable``.
    """

    hu: NDArray[np.int16]
    spacing_mm: tuple[float, float, float]
    origin_lps_mm: tuple[float, float, float]
    contrast: bool
    diameter_mm: float
    outcomes: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class _Plan:
    shape: Shape
    diameter_mm: float
    base_mm: float
    outcomes: tuple[str, ...]
    obliquity_deg: float = 8.0
    phase: Phase = Phase.ARTERIAL
    thrombus: float = 0.0
    bleeding: bool = False
    reach_mm: tuple[float, float] = _WHOLE_MM


_NEGATIVE, _POSITIVE = ("not_detected",), ("detected",)
_PLANS = {
    AbdomenClass.NORMAL: _Plan(Shape.NORMAL, 0.0, 18.0, _NEGATIVE, phase=Phase.NONE),
    AbdomenClass.ECTATIC: _Plan(Shape.FUSIFORM, 26.5, 21.0, ("not_detected", "indeterminate")),
    AbdomenClass.SMALL: _Plan(Shape.FUSIFORM, 35.0, 19.0, _POSITIVE, thrombus=0.3),
    AbdomenClass.LARGE: _Plan(Shape.FUSIFORM, 57.0, 20.0, _POSITIVE, phase=Phase.PORTAL, thrombus=0.6),
    AbdomenClass.HUGE: _Plan(Shape.FUSIFORM, 75.0, 21.0, _POSITIVE, thrombus=0.5),
    AbdomenClass.SACCULAR: _Plan(Shape.SACCULAR, 49.0, 19.0, _POSITIVE, thrombus=0.2),
    AbdomenClass.BLEEDING: _Plan(Shape.FUSIFORM, 62.0, 20.0, _POSITIVE, thrombus=0.3, bleeding=True),
    AbdomenClass.OBLIQUE: _Plan(Shape.NORMAL, 0.0, 19.0, ("not_detected",), obliquity_deg=50.0),
    AbdomenClass.TRUNCATED: _Plan(Shape.NORMAL, 0.0, 18.0, ("indeterminate",), reach_mm=(70.0, 250.0)),
    AbdomenClass.CHEST: _Plan(Shape.NORMAL, 0.0, 18.0, ("not_applicable", "indeterminate"), reach_mm=_HIATUS_UP_MM),
}


def outcomes_of(kind: AbdomenClass) -> tuple[str, ...]:
    """What the pathway may answer, the wanted answer first."""
    return _PLANS[kind].outcomes


def diameter_of(kind: AbdomenClass) -> float:
    """The true largest diameter in millimetres."""
    return _drawn(kind).diameter_mm


def _drawn(kind: AbdomenClass) -> Aneurysm:
    plan, seed = _PLANS[kind], _SEED + list(AbdomenClass).index(kind)
    return aneurysm_of(
        AneurysmParameters(seed, plan.shape, plan.diameter_mm, plan.base_mm, plan.obliquity_deg, plan.thrombus)
    )


def scanned_abdomen(kind: AbdomenClass) -> ScannedAbdomen:
    """Draw and scan the abdomen of a class; the same voxels at each call."""
    plan, seed = _PLANS[kind], _SEED + list(AbdomenClass).index(kind)
    rng = np.random.default_rng([seed, 83])
    drawn = _drawn(kind)
    low, high = plan.reach_mm
    shape = (int((high - low) / _SLICE_MM), _ROWS, _ROWS)
    spacing = (_SLICE_MM, _PIXEL_MM, _PIXEL_MM)
    half = -_PIXEL_MM * (_ROWS - 1) / 2
    canvas = Canvas(Sampling(shape, spacing), (half, half, low), Pose.from_degrees(yaw=2.0))
    draw_torso(canvas, TorsoParameters(seed, plan.phase, bleeding=plan.bleeding), drawn)
    imaged = Acquisition(0.0, 0.7, 0.0, 11.0, 1.0, 0.0)
    hu = np.rint(acquired(canvas.hu, spacing, imaged, rng)).astype(np.int16)
    return ScannedAbdomen(
        hu, spacing, (half, half, low), plan.phase is not Phase.NONE, drawn.diameter_mm, plan.outcomes
    )
