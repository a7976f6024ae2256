"""Fits and judges the pneumonia network."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import cast

import cv2
import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from schemas.findings import FindingState
from triton_models.contracts import ModelContract, OperatingPoint
from triton_models.networks.film_net import FilmNet
from triton_models.postprocessing.score import calibrated, state_of
from triton_models.training.films import Film, drawn, entries, films
from triton_models.training.fit import Batch, FitSettings, fit, make_repeatable
from triton_models.training.metrics import auroc, calibrate, rates
from triton_models.training.parts import Part
from triton_models.training.record import progress_over
from triton_models.training.session import OnnxModel

# ``cases``: films a source and label; ``*_cases``: drawn films of the other parts.
FULL = FitSettings(seed=1, cases=1500, validation_cases=60, test_cases=60, steps=600, batch=16, learning_rate=2e-3)
SMOKE = FitSettings(seed=1, cases=60, validation_cases=20, test_cases=20, steps=30, batch=8, learning_rate=2e-3)
TARGET = "balanced errors on held-out persons, children and adults weighing the same"
OUTPUTS = ("logit", "heat")

# How often a source is drawn in training. NIH's text-mined labels are noisy, so they teach less.
_SHARES = {"children": 0.5, "nih": 0.15, "adults": 0.15, "drawn": 0.2}
_SURE = {"children": 0.97, "nih": 0.75, "adults": 0.95, "drawn": 0.97}
_DRAWN_SHARE = 5


def train(settings: FitSettings, data: Path | None) -> nn.Module:
    """Fit the network on the training part."""
    make_repeatable(settings.seed)
    found = list(progress_over(_all(Part.TRAIN, settings, data), len(entries(data)), "training films"))
    network = FilmNet()
    fit(network, _batches(found, settings), _loss, settings)
    return network


def operating_point(model: OnnxModel, settings: FitSettings, data: Path | None) -> OperatingPoint:
    """Calibrate the score on the validation part, where every source and label weighs the same."""
    found = list(_all(Part.VALIDATION, settings, data))
    raw, truth = _raw(found, model), np.array([film.positive for film in found])
    chosen = _balanced(found, settings.seed)
    fitted = calibrate(raw[chosen], truth[chosen])
    return OperatingPoint(
        name="pneumonia-first-1",
        detected_at=0.55,
        not_detected_below=0.45,
        target=TARGET,
        slope=fitted.slope,
        intercept=fitted.intercept,
    )


def evaluate(model: OnnxModel, contract: ModelContract, settings: FitSettings, data: Path | None) -> dict[str, object]:
    """Judge on the test part: persons that neither training nor calibration saw."""
    found = list(_all(Part.TEST, settings, data))
    raw = _raw(found, model)
    result: dict[str, object] = {}
    for name, chosen in _groups(found).items():
        if chosen.any():
            result[name] = _figures([f for f, c in zip(found, chosen, strict=True) if c], raw[chosen], contract)
    return result


def sources(data: Path | None) -> list[Path]:
    """List the films that training could read."""
    return [entry.path for entry in entries(data) if entry.part is Part.TRAIN]


def _all(part: Part, settings: FitSettings, data: Path | None) -> Iterator[Film]:
    count = {Part.VALIDATION: settings.validation_cases, Part.TEST: settings.test_cases}
    yield from drawn(part, count.get(part, settings.cases // _DRAWN_SHARE), seed=settings.seed)
    yield from films(part, data, at_most=settings.cases, seed=settings.seed)


def _batches(found: list[Film], settings: FitSettings) -> Iterator[Batch]:
    """Draw source, then label, then view, then film: none of the first three can teach the label."""
    rng = np.random.default_rng(settings.seed)
    pools: dict[tuple[str, bool], dict[str, list[Film]]] = {}
    for film in found:
        pools.setdefault((film.source, film.positive), {}).setdefault(film.view, []).append(film)
    names = [name for name in _SHARES if (name, True) in pools and (name, False) in pools]
    shares = np.array([_SHARES[name] for name in names])
    while True:
        chosen = [_draw(pools, names, shares / shares.sum(), rng) for _ in range(settings.batch)]
        yield Batch(
            torch.from_numpy(np.stack([_varied(film.picture, rng) for film in chosen])[:, None]),
            torch.tensor([[_soft(film)] for film in chosen], dtype=torch.float32),
        )


def _draw(
    pools: dict[tuple[str, bool], dict[str, list[Film]]],
    names: list[str],
    shares: NDArray[np.float64],
    rng: np.random.Generator,
) -> Film:
    name = names[int(rng.choice(len(names), p=shares))]
    views = pools[(name, bool(rng.integers(2)))]
    pool = views[sorted(views)[int(rng.integers(len(views)))]]
    return pool[int(rng.integers(len(pool)))]


def _soft(film: Film) -> float:
    sure = _SURE[film.source]
    return sure if film.positive else 1.0 - sure


def _varied(picture: NDArray[np.uint8], rng: np.random.Generator) -> NDArray[np.uint8]:
    """Turn, shift and scale a little; change gamma and grain: film systems differ, the lungs do not."""
    rows, columns = picture.shape
    matrix = cv2.getRotationMatrix2D((columns / 2, rows / 2), float(rng.normal(0, 4)), float(rng.uniform(0.88, 1.15)))
    matrix[:, 2] += rng.normal(0, 7, 2)
    moved = cv2.warpAffine(picture, matrix, (columns, rows), borderMode=cv2.BORDER_REPLICATE)
    grey = (np.asarray(moved, np.float32) / 255.0) ** float(np.exp(rng.normal(0, 0.25)))
    grey = grey * float(rng.uniform(0.8, 1.15)) + float(rng.normal(0, 0.04))
    if rng.random() < 0.3:  # noqa: PLR2004 - some systems blur
        grey = cv2.GaussianBlur(grey, (0, 0), float(rng.uniform(0.5, 1.3)))
    grey = grey + rng.standard_normal(grey.shape, dtype=np.float32) * float(rng.uniform(0, 0.03))
    varied: NDArray[np.uint8] = np.clip(np.rint(grey * 255.0), 0, 255).astype(np.uint8)
    return varied


def _loss(network: nn.Module, batch: Batch) -> Tensor:
    logits = cast(FilmNet, network).logits(batch.images)
    return nn.functional.binary_cross_entropy_with_logits(logits, batch.targets)


def _raw(found: list[Film], model: OnnxModel) -> NDArray[np.float64]:
    judged = progress_over(found, len(found), "films")
    return np.array([float(model(film.prepared.inputs)["logit"].reshape(-1)[0]) for film in judged])


def _balanced(found: list[Film], seed: int) -> NDArray[np.int64]:
    """Indices that hold the same number of every source and label."""
    rng = np.random.default_rng([seed, 23])
    groups: dict[tuple[str, bool], list[int]] = {}
    for index, film in enumerate(found):
        groups.setdefault((film.source, film.positive), []).append(index)
    both = [name for name, _ in groups if (name, True) in groups and (name, False) in groups]
    usable = [indices for (name, _), indices in groups.items() if name in both]
    least = min(len(indices) for indices in usable)
    return np.concatenate([rng.permutation(indices)[:least] for indices in usable])


def _groups(found: list[Film]) -> dict[str, NDArray[np.bool_]]:
    source = np.array([film.source for film in found])
    view = np.array([film.view for film in found])
    adults = source == "adults"
    return {
        "children": source == "children",
        "adults_radiologist_read": adults,
        "adults_ap": adults & (view == "AP"),
        "adults_pa": adults & (view == "PA"),
        "nih_text_mined": source == "nih",
        "drawn": source == "drawn",
    }


def _figures(found: list[Film], raw: NDArray[np.float64], contract: ModelContract) -> dict[str, float]:
    truth = np.array([film.positive for film in found])
    states = [state_of(calibrated(float(value), contract.operating_point), contract.operating_point) for value in raw]
    detected = np.array([state is FindingState.DETECTED for state in states])
    negative = np.array([state is FindingState.NOT_DETECTED for state in states])
    return {"auroc": auroc(raw, truth), **rates(detected, negative, truth)}
