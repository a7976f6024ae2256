"""A run of seconds learns something that holds on films from seeds it never saw, and survives the export."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from triton_models.contracts import load_contract
from triton_models.networks.film_net import FilmNet
from triton_models.networks.lite_trunk import recalibrate
from triton_models.training.chest import load_pretrained
from triton_models.training.export import export_onnx
from triton_models.training.films import Film, drawn
from triton_models.training.fit import Batch, FitSettings, fit, make_repeatable
from triton_models.training.metrics import auroc
from triton_models.training.parts import Part

SETTINGS = FitSettings(seed=3, cases=48, validation_cases=0, test_cases=20, steps=40, batch=8, learning_rate=1e-3)


def half(film: Film) -> np.ndarray:
    """A quarter of the pixels is enough to learn from, and four times as fast."""
    return np.ascontiguousarray(film.picture[::2, ::2])


def batches(found: list[Film]) -> Iterator[Batch]:
    rng = np.random.default_rng(SETTINGS.seed)
    while True:
        chosen = [found[int(i)] for i in rng.integers(0, len(found), SETTINGS.batch)]
        images = torch.from_numpy(np.stack([half(film) for film in chosen])[:, None])
        yield Batch(images, torch.tensor([[float(film.positive)] for film in chosen]))


def loss(network: nn.Module, batch: Batch) -> Tensor:
    assert isinstance(network, FilmNet)
    return nn.functional.binary_cross_entropy_with_logits(network.logits(batch.images), batch.targets)


@pytest.mark.train
def test_a_short_run_beats_chance_on_unseen_films(tmp_path: Path) -> None:
    make_repeatable(SETTINGS.seed)
    network, found = FilmNet(), list(drawn(Part.TRAIN, SETTINGS.cases, seed=SETTINGS.seed))
    load_pretrained(network.trunk)
    recalibrate(network.trunk, torch.from_numpy(np.stack([half(film) for film in found])[:, None]).float() / 127.5 - 1)
    fit(network, batches(found), loss, SETTINGS)
    unseen = list(drawn(Part.TEST, SETTINGS.test_cases, seed=SETTINGS.seed))
    with torch.no_grad():
        raw = network.logits(torch.from_numpy(np.stack([half(film) for film in unseen])[:, None])).numpy()[:, 0]
    assert auroc(raw.astype(np.float64), np.array([film.positive for film in unseen])) > 0.75
    assert export_onnx(network, load_contract("pneumonia_cxr"), ("logit", "heat"), tmp_path / "model.onnx") < 1e-3
