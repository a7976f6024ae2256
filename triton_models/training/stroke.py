"""Fits the LVO network and chooses its operating point; ``judge_stroke`` holds the figures."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import cast

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from triton_models.contracts import ModelContract, OperatingPoint
from triton_models.evidence.cases import Keep, drop
from triton_models.networks.occlusion_net import OcclusionNet
from triton_models.postprocessing import stroke as reading
from triton_models.postprocessing.score import calibrated
from triton_models.training.cases_stroke import split_trees
from triton_models.training.fit import Batch, FitSettings, fit, make_repeatable, part_of
from triton_models.training.halves_stroke import batches
from triton_models.training.judge_stroke import judged
from triton_models.training.levels_stroke import level
from triton_models.training.metrics import calibrate
from triton_models.training.parts import Part
from triton_models.training.session import OnnxModel
from triton_models.training.settings_stroke import HeadSettings
from triton_models.training.store_stroke import NOBODY, Heads, stored_heads

FULL = HeadSettings(
    seed=1, cases=4000, validation_cases=300, test_cases=300, steps=6000, batch=16, learning_rate=2e-3, warm_up=0.05
)
SMOKE = HeadSettings(
    seed=1, cases=48, validation_cases=12, test_cases=24, steps=180, batch=8, learning_rate=3e-3, plain=True
)
TARGET = "specificity of 0.95 first, on synthetic heads of unseen trees with hard negatives; a tenth may stay undecided"
OUTPUTS = ("heat", "verdict")

_SPECIFICITY = 0.96
# Between this sensitivity and the threshold above a finding is indeterminate; so is a tenth of the open heads at most.
_REST_SENSITIVITY = 0.95
_RESTING_SHARE = _SPECIFICITY - 0.1
_POSITIVE = 0.6


def train(settings: FitSettings, data: Path | None, kept: Path | None = None) -> nn.Module:
    """Fit the network on the training part, and level its segments on the validation part."""
    make_repeatable(settings.seed)
    found = _heads(Part.TRAIN, settings.cases, settings, data)
    network = OcclusionNet(len(reading.SEGMENTS)).to(memory_format=torch.channels_last_3d)
    new = batches(found, settings.batch, seed=settings.seed)
    fit(network, new, half_loss, settings, kept=part_of(kept, "whole"))
    level(network, _heads(Part.VALIDATION, settings.validation_cases, settings, data))
    return network


def operating_point(model: OnnxModel, settings: FitSettings, data: Path | None) -> OperatingPoint:
    """Calibrate the score and place the thresholds on the validation part, specificity first."""
    found = _heads(Part.VALIDATION, settings.validation_cases, settings, data)
    raw, truth = np.array(list(_raw(model, found))), found.segment != NOBODY
    fitted = calibrate(raw, truth)
    bare = OperatingPoint(
        name="lvo-specific-2", detected_at=0.5, not_detected_below=0.5, target=TARGET,
        slope=fitted.slope, intercept=fitted.intercept,
    )  # fmt: skip
    scores = np.array([calibrated(float(value), bare) for value in raw])
    detected_at = min(float(np.quantile(scores[~truth], _SPECIFICITY)), 0.95)
    rest = max(np.quantile(scores[truth], 1.0 - _REST_SENSITIVITY), np.quantile(scores[~truth], _RESTING_SHARE))
    below = min(float(rest), detected_at)
    return OperatingPoint(
        name=bare.name, detected_at=detected_at, not_detected_below=max(below, 1e-3), target=TARGET,
        slope=fitted.slope, intercept=fitted.intercept,
    )  # fmt: skip


def evaluate(
    model: OnnxModel, contract: ModelContract, settings: FitSettings, data: Path | None, keep: Keep = drop
) -> dict[str, object]:
    """Judge on the test part: trees and seeds that neither training nor calibration saw."""
    return judged(model, contract, _own(settings), data, keep)


def _heads(part: Part, count: int, settings: FitSettings, data: Path | None) -> Heads:
    return stored_heads(part, count, data=data, seed=settings.seed, plain=_own(settings).plain)


def _own(settings: FitSettings) -> HeadSettings:
    """The settings as this pathway's: ``runs`` hands every pathway back its own."""
    return cast(HeadSettings, settings)


def sources(data: Path | None) -> list[Path]:
    """Files that training read."""
    return [path for files in split_trees(data).values() for path in files]


def half_loss(network: nn.Module, batch: Batch) -> Tensor:
    """Focal loss on the heat (near misses cost less), and the verdict of each half on each artery and on itself."""
    net = cast(OcclusionNet, network)
    images = (batch.images.float() / 255.0).contiguous(memory_format=torch.channels_last_3d)
    # Half as many bits are enough to learn from, and faster where the processor knows them.
    with torch.autocast("cpu", torch.bfloat16):
        heat, verdict = (answer.float() for answer in net.judge(images))
    blocked = (batch.targets.flatten(2).amax(dim=2) > _POSITIVE).float()
    each = nn.functional.binary_cross_entropy_with_logits(verdict, blocked, reduction="none").sum(dim=1).mean()
    whole = nn.functional.binary_cross_entropy_with_logits(torch.logsumexp(verdict, dim=1), blocked.amax(dim=1))
    return _focal(heat, batch.targets) + each + whole


def _focal(logits: Tensor, targets: Tensor) -> Tensor:
    chance = torch.sigmoid(logits)
    hot = (targets > _POSITIVE).float()
    up = -((1 - chance) ** 2) * nn.functional.logsigmoid(logits) * hot * targets
    down = -(chance**2) * nn.functional.logsigmoid(-logits) * (1 - hot) * (1 - targets) ** 4
    return (up.sum() + down.sum()) / hot.sum().clamp(min=8.0)


def _raw(model: OnnxModel, found: Heads) -> Iterator[float]:
    for slabs in found.slabs:
        yield raw_score(model({"slabs": slabs[None]}))


def raw_score(outputs: dict[str, NDArray[np.generic]]) -> float:
    """The uncalibrated score of one head."""
    return reading.case_logit(reading.vessels(outputs))
