"""Fits and judges the LVO network."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import cast

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from schemas.findings import FindingState
from triton_models.contracts import ModelContract, OperatingPoint
from triton_models.networks.occlusion_net import OcclusionNet
from triton_models.phantoms.head import HeadTruth
from triton_models.postprocessing import stroke as reading
from triton_models.postprocessing.score import logit
from triton_models.preprocessing import stroke as preparing
from triton_models.training.cases_stroke import HeadCase, heads, split_trees
from triton_models.training.fit import Batch, FitSettings, fit, make_repeatable
from triton_models.training.metrics import auroc, calibrate, rates
from triton_models.training.parts import Part
from triton_models.training.record import progress_over
from triton_models.training.session import OnnxModel

FULL = FitSettings(seed=1, cases=320, validation_cases=80, test_cases=160, steps=1100, batch=2, learning_rate=3e-3)
SMOKE = FitSettings(seed=1, cases=10, validation_cases=6, test_cases=6, steps=20, batch=2, learning_rate=3e-3)
TARGET = "balanced errors on synthetic occlusions of unseen arterial trees"
OUTPUTS = ("heat",)

_WIDTH_MM = 7.0
_POSITIVE = 0.6
_WHOLE_HEAD_WEIGHT = 0.3


def train(settings: FitSettings, data: Path | None) -> nn.Module:
    """Fit the network on the training part."""
    make_repeatable(settings.seed)
    made = heads(Part.TRAIN, settings.cases, data=data, seed=settings.seed)
    cases = list(progress_over(made, settings.cases, "training heads"))
    network = OcclusionNet(len(reading.SEGMENTS))
    fit(network, _batches(cases, settings), _loss, settings)
    return network


def operating_point(model: OnnxModel, settings: FitSettings, data: Path | None) -> OperatingPoint:
    """Calibrate the score on the validation part."""
    made = heads(Part.VALIDATION, settings.validation_cases, data=data, seed=settings.seed)
    cases = list(progress_over(made, settings.validation_cases, "validation heads"))
    raw = np.array([logit(float(np.max(model(case.prepared.inputs)["heat"]))) for case in cases])
    found = calibrate(raw, np.array([case.truth.segment is not None for case in cases]))
    return OperatingPoint(
        name="lvo-first-1",
        detected_at=0.6,
        not_detected_below=0.4,
        target=TARGET,
        slope=found.slope,
        intercept=found.intercept,
    )


def evaluate(model: OnnxModel, contract: ModelContract, settings: FitSettings, data: Path | None) -> dict[str, object]:
    """Judge on the test part: trees and seeds that neither training nor calibration saw."""
    made = heads(Part.TEST, settings.test_cases, data=data, seed=settings.seed)
    rows = [_judge(case, model, contract) for case in progress_over(made, settings.test_cases, "test heads")]
    groups = {"all": rows, "measured_trees": [r for r in rows if r["measured"]]}
    groups["drawn_trees"] = [r for r in rows if not r["measured"]]
    result: dict[str, object] = {name: _figures(group) for name, group in groups.items() if group}
    result["by_segment"] = {s: _segment_figures(rows, s) for s in reading.SEGMENTS}
    return result


def sources(data: Path | None) -> list[Path]:
    """Files that training read."""
    return [path for files in split_trees(data).values() for path in files]


def heat_target(truth: HeadTruth, origin_mm: tuple[float, float, float], step_mm: float) -> NDArray[np.float32]:
    """Draw a Gaussian at the place where contrast stops, in the channel of its segment; all zero without occlusion."""
    shape = tuple(n // reading.HEAT_STRIDE for n in preparing.CROP_ZYX)
    heat = np.zeros((len(reading.SEGMENTS), *shape), np.float32)
    if truth.segment is None or truth.site_lps_mm is None:
        return heat
    half = (reading.HEAT_STRIDE - 1) / 2 * step_mm
    axes = [
        origin_mm[axis] + half + np.arange(n) * step_mm * reading.HEAT_STRIDE - truth.site_lps_mm[axis]
        for axis, n in zip((2, 1, 0), shape, strict=True)
    ]
    squared = axes[0][:, None, None] ** 2 + axes[1][None, :, None] ** 2 + axes[2][None, None, :] ** 2
    heat[reading.SEGMENTS.index(truth.segment.value)] = np.exp(-squared / (2 * _WIDTH_MM**2))
    return heat


def _batches(cases: list[HeadCase], settings: FitSettings) -> Iterator[Batch]:
    rng = np.random.default_rng(settings.seed)
    targets = [_target_of(case) for case in cases]
    while True:
        order = rng.permutation(len(cases))
        for start in range(0, len(order) - settings.batch + 1, settings.batch):
            chosen = order[start : start + settings.batch]
            pairs = [_varied(cases[i].volume, targets[i], rng) for i in chosen]
            yield Batch(
                torch.from_numpy(np.stack([image for image, _ in pairs])[:, None]),
                torch.from_numpy(np.stack([target for _, target in pairs])),
            )


def _target_of(case: HeadCase) -> NDArray[np.float32]:
    facts = case.prepared.facts
    origin = (facts["origin_x_mm"], facts["origin_y_mm"], facts["origin_z_mm"])
    return heat_target(case.truth, origin, facts["spacing_mm"])


def _varied(
    image: NDArray[np.uint8], target: NDArray[np.float32], rng: np.random.Generator
) -> tuple[NDArray[np.uint8], NDArray[np.float32]]:
    """Mirror, shift by whole heat voxels along z and y, scale and grain the grey values."""
    if rng.random() < 0.5:  # noqa: PLR2004 - a coin
        image, target = image[:, :, ::-1], target[:, :, :, ::-1]
    dz, dy = (int(v) for v in rng.integers(-1, 2, 2))
    image = np.roll(image, (dz * reading.HEAT_STRIDE, dy * reading.HEAT_STRIDE), axis=(0, 1))
    target = np.roll(target, (dz, dy), axis=(1, 2))
    grey = image.astype(np.float32) * float(rng.uniform(0.85, 1.15)) + float(rng.normal(0, 2))
    grey += rng.standard_normal(image.shape, dtype=np.float32) * float(rng.uniform(0, 3))
    return np.clip(grey, 0, 255).astype(np.uint8), np.ascontiguousarray(target)


def _loss(network: nn.Module, batch: Batch) -> Tensor:
    """Focal loss on the heat (near misses cost less), plus one term for the head as a whole."""
    logits = cast(OcclusionNet, network).logits(batch.images)
    chance = torch.sigmoid(logits)
    hot = (batch.targets > _POSITIVE).float()
    up = -((1 - chance) ** 2) * nn.functional.logsigmoid(logits) * hot * batch.targets
    down = -(chance**2) * nn.functional.logsigmoid(-logits) * (1 - hot) * (1 - batch.targets) ** 4
    local = (up.sum() + down.sum()) / hot.sum().clamp(min=8.0)
    whole = logits.flatten(1).amax(dim=1)
    present = (batch.targets.flatten(1).amax(dim=1) > _POSITIVE).float()
    return local + _WHOLE_HEAD_WEIGHT * nn.functional.binary_cross_entropy_with_logits(whole, present)


def _judge(case: HeadCase, model: OnnxModel, contract: ModelContract) -> dict[str, object]:
    finding = reading.read(model(case.prepared.inputs), case.prepared, contract)
    truth, place = case.truth, finding.location
    error = None
    if truth.site_lps_mm and place.point_lps_mm:
        error = float(np.linalg.norm(np.subtract(truth.site_lps_mm, place.point_lps_mm)))
    return {
        "measured": case.measured,
        "segment": truth.segment.value if truth.segment else "",
        "score": finding.score,
        "detected": finding.state is FindingState.DETECTED,
        "negative": finding.state is FindingState.NOT_DETECTED,
        "right_side": place.side is truth.side,
        "right_segment": bool(truth.segment) and place.segment == truth.segment,
        "error_mm": error,
    }


def _figures(rows: list[dict[str, object]]) -> dict[str, float]:
    truth = np.array([bool(r["segment"]) for r in rows])
    detected, negative = (np.array([bool(r[k]) for r in rows]) for k in ("detected", "negative"))
    hits = [r for r in rows if r["segment"] and r["detected"]]
    errors = [float(cast(float, r["error_mm"])) for r in hits if r["error_mm"] is not None]
    return {
        "auroc": auroc(np.array([float(cast(float, r["score"])) for r in rows]), truth),
        **rates(detected, negative, truth),
        "right_side": float(np.mean([bool(r["right_side"]) for r in hits])) if hits else 0.0,
        "right_segment": float(np.mean([bool(r["right_segment"]) for r in hits])) if hits else 0.0,
        "error_mm_median": float(np.median(errors)) if errors else -1.0,
    }


def _segment_figures(rows: list[dict[str, object]], segment: str) -> dict[str, float]:
    own = [r for r in rows if r["segment"] == segment]
    hits = sum(bool(r["detected"]) for r in own)
    sided = sum(bool(r["right_side"]) for r in own if r["detected"])
    return {"cases": len(own), "detected": hits, "right_side": sided}
