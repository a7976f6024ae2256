"""Fits and judges the aorta network."""

from __future__ import annotations

import dataclasses
import functools
import time
from pathlib import Path
from typing import cast

import numpy as np
import torch
from monai.losses import DiceLoss
from numpy.typing import NDArray
from torch import Tensor, nn

from triton_models.contracts import ModelContract, OperatingPoint
from triton_models.evidence.cases import Keep, drop
from triton_models.explanation.key_image import KeyImage
from triton_models.networks.aorta_net import AortaNet
from triton_models.postprocessing import aorta as reading
from triton_models.postprocessing.aaa_rules import ANEURYSM_MM
from triton_models.postprocessing.course import INSIDE
from triton_models.preprocessing import aorta as preparing
from triton_models.training import figures_aorta
from triton_models.training.blocks_aorta import batches, drawn_block, imaged
from triton_models.training.cases_aorta import AbdomenCase, abdomens, first_seed, simulated
from triton_models.training.fit import Batch, FitSettings, fit, make_repeatable, part_of
from triton_models.training.metrics import auroc
from triton_models.training.parts import Part
from triton_models.training.pictures import of_abdomen, with_picture
from triton_models.training.real_aorta import RealScan, real_files, real_scans
from triton_models.training.record import progress_over
from triton_models.training.session import OnnxModel

FULL = FitSettings(
    seed=1, cases=420, validation_cases=50, test_cases=60, steps=6000, batch=2, learning_rate=2e-3, warm_up=0.05
)
SMOKE = FitSettings(
    seed=1, cases=4, validation_cases=2, test_cases=2, steps=32, batch=1, learning_rate=3e-3, warm_up=0.1
)
TARGET = "sensitivity 0.98 at 30 mm on synthetic abdomens of unseen seeds"
OUTPUTS = ("probability",)

# Share of the steps with the normalisation of each batch, and over how many batches it is settled then.
_UNSETTLED, _SETTLING = 0.65, 100
_SENSITIVITY = 0.98
_LEAST_SIGMA_MM = 0.4
# A score below this share of the detecting one is a clear "no".
_CLEAR_SHARE = 0.5
_LOWEST_SCORE, _HIGHEST_SCORE = 0.05, 0.5
# Errors beyond this are failures, not scatter: the shape of the standard error is fitted without them, and then widened
# until the interval holds what it says.
_FAILURE_MM = 6.0
_INSIDE_INTERVAL, _Z95 = 0.95, 1.96
# Trunks whose voxels are judged, from seeds that no abdomen uses; every so many voxels along each axis.
_VOXEL_SEEDS, _VOXEL_TRUNKS, _THIN = 900_000, 8, 4
# Abdomens of the simulator judged for every so many of our own.
_PER_SIMULATED = 5


def train(settings: FitSettings, data: Path | None, kept: Path | None = None) -> nn.Module:
    """Fit the network on drawn trunks, the second part with settled normalisation; ``data`` is not read."""
    del data
    make_repeatable(settings.seed)
    first = first_seed(Part.TRAIN, settings.seed)
    made = (drawn_block(first + number) for number in range(settings.cases))
    blocks = list(progress_over(made, settings.cases, "training abdomens"))
    network = AortaNet()
    new = batches(blocks, seed=settings.seed, size=settings.batch)
    early = round(_UNSETTLED * settings.steps)
    fit(network, new, _Loss(), dataclasses.replace(settings, steps=early), kept=part_of(kept, "early"))
    network.settle(next(new).images for _ in range(min(_SETTLING, early)))
    late = dataclasses.replace(settings, steps=settings.steps - early, learning_rate=settings.learning_rate / 2)
    fit(network, new, _Loss(), late, kept=part_of(kept, "late"))
    return network


def operating_point(model: OnnxModel, settings: FitSettings, data: Path | None) -> OperatingPoint:
    """Measure bias and standard error on the validation part, then choose the thresholds there."""
    del data
    made = abdomens(Part.VALIDATION, settings.validation_cases, seed=settings.seed)
    cases = progress_over(made, settings.validation_cases, "validation abdomens")
    return point_from([(case, _measured(case, model)) for case in cases])


def point_from(rows: list[tuple[AbdomenCase, reading.Measured | None]]) -> OperatingPoint:
    """Choose the operating point from measured validation cases."""
    found = [(case.diameter_mm, m) for case, m in rows if m is not None]
    errors = np.array([m.diameter_mm - truth for truth, m in found])
    usual = np.abs(errors) < _FAILURE_MM
    bias = float(np.median(errors[usual])) if usual.any() else 0.0
    doubts = np.array([_doubt(m) for _, m in found])
    sigma, per_doubt = _widened(*_spread(errors[usual] - bias, doubts[usual]), errors - bias, doubts)
    draft = OperatingPoint(
        name="aaa-2", detected_at=_HIGHEST_SCORE, not_detected_below=_HIGHEST_SCORE, target=TARGET,
        sigma_mm=sigma, bias_mm=round(bias, 2), sigma_per_doubt=per_doubt,
    )  # fmt: skip
    scores = [
        reading.chance_above(m.diameter_mm - draft.bias_mm, reading.sigma_of(m, draft))
        for truth, m in found
        if truth >= ANEURYSM_MM
    ]
    wanted = float(np.quantile(scores, 1 - _SENSITIVITY)) if scores else _HIGHEST_SCORE
    at = round(min(max(wanted, _LOWEST_SCORE), _HIGHEST_SCORE), 3)
    return OperatingPoint(
        name=draft.name, detected_at=at, not_detected_below=round(_CLEAR_SHARE * at, 3), target=TARGET,
        sigma_mm=draft.sigma_mm, bias_mm=draft.bias_mm, sigma_per_doubt=draft.sigma_per_doubt,
    )  # fmt: skip


def evaluate(
    model: OnnxModel, contract: ModelContract, settings: FitSettings, data: Path | None, keep: Keep = drop
) -> dict[str, object]:
    """Judge on the test part and on the real scans: neither training nor the operating point saw them."""
    made = abdomens(Part.TEST, settings.test_cases, seed=settings.seed)
    cases = progress_over(made, settings.test_cases, "test abdomens")
    judged = []
    for number, case in enumerate(cases):
        start = time.perf_counter()
        judged.append(judge(case, model, contract))
        told = figures_aorta.kept(f"abdomen {number}", judged[-1], time.perf_counter() - start)
        keep(with_picture(told, functools.partial(_picture, judged[-1], model)))
    others = settings.test_cases // _PER_SIMULATED
    painted = progress_over(simulated(others, seed=settings.seed), others, "the simulator's abdomens")
    scans = [judge_real(scan, model, contract) for scan in real_scans(data)] if data else []
    return (
        figures_aorta.figures(judged)
        | held_out_voxels(model, settings)
        | {
            "simulator": figures_aorta.figures([judge(case, model, contract) for case in painted]),
            "real": scans,
        }
    )


def held_out_voxels(model: OnnxModel, settings: FitSettings) -> dict[str, object]:
    """How well voxels of the aorta are told from others, on drawn trunks of the test part's last seeds."""
    first = first_seed(Part.TEST, settings.seed) + _VOXEL_SEEDS
    rng = np.random.default_rng([settings.seed, 73])
    found = []
    for number in range(min(settings.test_cases, _VOXEL_TRUNKS)):
        image, share = imaged(drawn_block(first + number), preparing.CROP_ZYX, rng)
        answer = np.asarray(model({"volume": image[None, None]})["probability"], np.float64)[0, 0]
        found.append((answer[::_THIN, ::_THIN, ::_THIN].ravel(), share[::_THIN, ::_THIN, ::_THIN].ravel() >= INSIDE))
    areas = [auroc(answer, truth) for answer, truth in found]
    overlap = [2.0 * (a[t] >= INSIDE).sum() / max((a >= INSIDE).sum() + t.sum(), 1) for a, t in found]
    return {"voxel_auroc": float(np.mean(areas)), "voxel_dice": float(np.mean(overlap)), "voxel_trunks": len(found)}


def sources(data: Path | None) -> list[Path]:
    """List the files that were read: real scans, for judging only."""
    return real_files(data) if data else []


def judge(case: AbdomenCase, model: OnnxModel, contract: ModelContract) -> figures_aorta.Judged:
    """Read one case as the pathway does."""
    if case.prepared.refusal is not None:
        return figures_aorta.Judged(case, None, reading.read({}, case.prepared, contract))
    outputs = model(case.prepared.inputs)
    probability = np.asarray(outputs["probability"], np.float32)[0, 0]
    return figures_aorta.Judged(
        case, reading.measured_in(probability, case.prepared), reading.read(outputs, case.prepared, contract)
    )


def _picture(row: figures_aorta.Judged, model: OnnxModel) -> KeyImage | None:
    prepared = row.case.prepared
    return of_abdomen(prepared, {} if prepared.refusal else model(prepared.inputs), row.finding)


def judge_real(scan: RealScan, model: OnnxModel, contract: ModelContract) -> dict[str, object]:
    """Read one real scan, and compare with its mask height by height where it has one."""
    prepared = preparing.prepare(scan.volume)
    row: dict[str, object] = {"name": scan.name, "expected": list(scan.expected)}
    if prepared.refusal is not None:
        return row | {"outcome": prepared.refusal.state.value, "reason": prepared.refusal.reason}
    outputs = model(prepared.inputs)
    finding = reading.read(outputs, prepared, contract)
    size = finding.measurement("max_diameter_mm")
    row |= {"outcome": finding.state.value, "reason": finding.reason, "diameter_mm": size.value if size else None}
    measured = reading.measured_in(np.asarray(outputs["probability"], np.float32)[0, 0], prepared)
    return row | figures_aorta.against_mask(scan, measured, prepared.facts["origin_z_mm"], contract.operating_point)


def _measured(case: AbdomenCase, model: OnnxModel) -> reading.Measured | None:
    if case.prepared.refusal is not None:
        return None
    return reading.measured_in(np.asarray(model(case.prepared.inputs)["probability"], np.float32)[0, 0], case.prepared)


def _doubt(measured: reading.Measured) -> float:
    sections, at = measured.sections, measured.at
    return reading.doubt_of(float(sections.soft_mm[at]), float(sections.rough_mm[at]))


def _spread(errors: NDArray[np.float64], doubts: NDArray[np.float64]) -> tuple[float, float]:
    """Fit error² = sigma² + (per_doubt · doubt)² with both terms at least 0."""
    if errors.size < 10:  # noqa: PLR2004 - too few to fit two numbers
        return round(max(float(errors.std()) if errors.size > 1 else 0.0, _LEAST_SIGMA_MM), 2), 0.0
    design = np.stack([np.ones_like(doubts), doubts**2], axis=1)
    level, slope = np.linalg.lstsq(design, errors**2, rcond=None)[0]
    if slope <= 0 or level <= 0:
        return round(max(float(np.sqrt((errors**2).mean())), _LEAST_SIGMA_MM), 2), 0.0
    return round(max(float(np.sqrt(level)), _LEAST_SIGMA_MM), 2), round(float(np.sqrt(slope)), 2)


def _widened(
    sigma: float, per_doubt: float, errors: NDArray[np.float64], doubts: NDArray[np.float64]
) -> tuple[float, float]:
    """Widen both terms until the stated interval holds 95 % of all errors, failures included."""
    if not errors.size:
        return sigma, per_doubt
    reach = np.abs(errors) / np.hypot(sigma, per_doubt * doubts)
    factor = max(float(np.quantile(reach, _INSIDE_INTERVAL)) / _Z95, 1.0)
    return round(sigma * factor, 2), round(per_doubt * factor, 2)


class _Loss:
    """Cross-entropy on soft shares, plus Dice, so that a thin aorta weighs as much as a wide one."""

    def __init__(self) -> None:
        self._dice = DiceLoss(sigmoid=True, soft_label=True)

    def __call__(self, network: nn.Module, batch: Batch) -> Tensor:
        with torch.autocast(batch.images.device.type, dtype=torch.bfloat16):
            logits = cast(AortaNet, network).logits(batch.images)
        logits = logits.float()
        entropy = nn.functional.binary_cross_entropy_with_logits(logits, batch.targets)
        return cast(Tensor, entropy + self._dice(logits, batch.targets))
