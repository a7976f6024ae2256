"""Fits and judges the aorta network."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import cast

import numpy as np
import torch
from monai.losses import DiceLoss
from numpy.typing import NDArray
from torch import Tensor, nn

from schemas.findings import Finding, FindingState
from triton_models.contracts import ModelContract, OperatingPoint
from triton_models.networks.aorta_net import AortaNet
from triton_models.postprocessing import aorta as reading
from triton_models.postprocessing.aaa_rules import ANEURYSM_MM
from triton_models.postprocessing.tube import trace
from triton_models.training.cases_aorta import AbdomenCase, abdomens
from triton_models.training.fit import Batch, FitSettings, fit, make_repeatable
from triton_models.training.metrics import auroc, rates
from triton_models.training.parts import Part
from triton_models.training.record import progress_over
from triton_models.training.session import OnnxModel

FULL = FitSettings(seed=1, cases=140, validation_cases=50, test_cases=80, steps=450, batch=2, learning_rate=5e-3)
SMOKE = FitSettings(seed=1, cases=8, validation_cases=6, test_cases=6, steps=40, batch=2, learning_rate=1e-2)
TARGET = "sensitivity before specificity at 30 mm on synthetic abdomens of unseen seeds"
OUTPUTS = ("probability",)

_BLOCK_ZYX = (48, 64, 64)
_NEAR_AORTA = 0.8
_LEAST_SIGMA_MM = 0.5


def train(settings: FitSettings, data: Path | None) -> nn.Module:
    """Fit the network on the training part; ``data`` is not read."""
    del data
    make_repeatable(settings.seed)
    made = abdomens(Part.TRAIN, settings.cases, seed=settings.seed)
    cases = list(progress_over(made, settings.cases, "training abdomens"))
    network = AortaNet()
    fit(network, _batches(cases, settings), _Loss(), settings)
    return network


def operating_point(model: OnnxModel, settings: FitSettings, data: Path | None) -> OperatingPoint:
    """Measure bias and standard error of the diameter on the validation part."""
    del data
    made = abdomens(Part.VALIDATION, settings.validation_cases, seed=settings.seed)
    errors = [_error_mm(case, model) for case in progress_over(made, settings.validation_cases, "validation abdomens")]
    known = np.array([error for error in errors if error is not None])
    bias = float(np.median(known)) if known.size else 0.0
    sigma = float(np.std(known - bias)) if known.size > 1 else _LEAST_SIGMA_MM
    return OperatingPoint(
        name="aaa-first-1",
        detected_at=0.5,
        not_detected_below=0.25,
        target=TARGET,
        sigma_mm=round(max(sigma, _LEAST_SIGMA_MM), 2),
        bias_mm=round(bias, 2),
    )


def evaluate(model: OnnxModel, contract: ModelContract, settings: FitSettings, data: Path | None) -> dict[str, object]:
    """Judge on the test part: seeds that neither training nor the operating point saw."""
    del data
    made = abdomens(Part.TEST, settings.test_cases, seed=settings.seed)
    cases = progress_over(made, settings.test_cases, "test abdomens")
    return _figures([(case, _read(case, model, contract)) for case in cases])


def sources(data: Path | None) -> list[Path]:
    """List the files that training read: none, the abdomens are drawn."""
    del data
    return []


class _Loss:
    """Cross-entropy on soft shares, plus Dice, so that a thin aorta weighs as much as a wide one."""

    def __init__(self) -> None:
        self._dice = DiceLoss(sigmoid=True, soft_label=True)

    def __call__(self, network: nn.Module, batch: Batch) -> Tensor:
        logits = cast(AortaNet, network).logits(batch.images)
        entropy = nn.functional.binary_cross_entropy_with_logits(logits, batch.targets)
        return cast(Tensor, entropy + self._dice(logits, batch.targets))


def _batches(cases: list[AbdomenCase], settings: FitSettings) -> Iterator[Batch]:
    rng = np.random.default_rng(settings.seed)
    while True:
        pairs = [_varied(cases[int(rng.integers(len(cases)))], rng) for _ in range(settings.batch)]
        yield Batch(
            torch.from_numpy(np.stack([image for image, _ in pairs])[:, None]),
            torch.from_numpy(np.stack([share for _, share in pairs])[:, None]),
        )


def _varied(case: AbdomenCase, rng: np.random.Generator) -> tuple[NDArray[np.uint8], NDArray[np.float32]]:
    """A block, mostly near the aorta, mirrored now and then, its grey values shifted and grained."""
    place = _block(case.share, rng)
    image, share = case.volume[place], case.share[place]
    if rng.random() < 0.5:  # noqa: PLR2004 - a coin
        image, share = image[:, :, ::-1], share[:, :, ::-1]
    grey = image.astype(np.float32) * float(rng.uniform(0.85, 1.15)) + float(rng.normal(0, 6))
    grey += rng.standard_normal(image.shape, dtype=np.float32) * float(rng.uniform(0, 5))
    return np.clip(grey, 0, 255).astype(np.uint8), np.ascontiguousarray(share)


def _block(share: NDArray[np.float32], rng: np.random.Generator) -> tuple[slice, ...]:
    """Choose a block: around a voxel of the aorta most times, anywhere else now and then."""
    inside = np.argwhere(share > 0.5)  # noqa: PLR2004 - more aorta than not
    limits = [size - block for size, block in zip(share.shape, _BLOCK_ZYX, strict=True)]
    if inside.size and rng.random() < _NEAR_AORTA:
        centre = inside[int(rng.integers(len(inside)))] + rng.integers(-12, 13, 3)
        starts = [int(c) - block // 2 for c, block in zip(centre, _BLOCK_ZYX, strict=True)]
    else:
        starts = [int(rng.integers(limit + 1)) for limit in limits]
    kept = [min(max(start, 0), limit) for start, limit in zip(starts, limits, strict=True)]
    return tuple(slice(start, start + block) for start, block in zip(kept, _BLOCK_ZYX, strict=True))


def _error_mm(case: AbdomenCase, model: OnnxModel) -> float | None:
    probability = np.asarray(model(case.prepared.inputs)["probability"], np.float32)[0, 0]
    tube = trace(probability, case.prepared.facts["spacing_mm"])
    return None if tube is None else float(tube.inscribed_mm.max()) - case.truth.max_diameter_mm


def _read(case: AbdomenCase, model: OnnxModel, contract: ModelContract) -> Finding:
    return reading.read(model(case.prepared.inputs), case.prepared, contract)


def _figures(rows: list[tuple[AbdomenCase, Finding]]) -> dict[str, object]:
    truth = np.array([case.truth.max_diameter_mm >= ANEURYSM_MM for case, _ in rows])
    detected = np.array([finding.state is FindingState.DETECTED for _, finding in rows])
    negative = np.array([finding.state is FindingState.NOT_DETECTED for _, finding in rows])
    found = [(case, finding.measurement("max_diameter_mm")) for case, finding in rows]
    errors = np.array([item.value - case.truth.max_diameter_mm for case, item in found if item is not None])
    inside = [
        (item.low or 0) <= case.truth.max_diameter_mm <= (item.high or 0) for case, item in found if item is not None
    ]
    return {
        "auroc": auroc(np.array([finding.score or 0.0 for _, finding in rows]), truth),
        **rates(detected, negative, truth),
        "not_found": sum(item is None for _, item in found),
        "mean_abs_error_mm": float(np.abs(errors).mean()) if errors.size else -1.0,
        "worst_abs_error_mm": float(np.abs(errors).max()) if errors.size else -1.0,
        "bias_mm": float(errors.mean()) if errors.size else 0.0,
        "inside_interval": float(np.mean(inside)) if inside else 0.0,
    }
