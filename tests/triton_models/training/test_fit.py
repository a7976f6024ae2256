"""A stopped training goes on where it was."""

from __future__ import annotations

import dataclasses
import itertools
from collections.abc import Iterator
from pathlib import Path

import pytest
import torch
from torch import Tensor, nn

from schemas.errors import BadSettings
from triton_models.training.fit import Batch, FitSettings, fit

SETTINGS = FitSettings(seed=1, cases=1, validation_cases=1, test_cases=1, steps=250, batch=1, learning_rate=0.05)
POWER_CUT = "power cut"


def one_batch() -> Iterator[Batch]:
    images = torch.linspace(-1, 1, 16)[:, None]
    return itertools.repeat(Batch(images, 3.0 * images + 1.0))


def distance(network: nn.Module, batch: Batch) -> Tensor:
    return nn.functional.mse_loss(network(batch.images), batch.targets)


def fresh() -> nn.Module:
    torch.manual_seed(3)
    return nn.Linear(1, 1)


def stopped_after(steps: int) -> Iterator[Batch]:
    yield from itertools.islice(one_batch(), steps)
    raise RuntimeError(POWER_CUT)


def test_a_stopped_run_ends_as_if_it_had_not_been_stopped(tmp_path: Path) -> None:
    kept = tmp_path / "run" / "whole.pt"
    whole, halves = fresh(), fresh()
    fit(whole, one_batch(), distance, SETTINGS)
    with pytest.raises(RuntimeError, match=POWER_CUT):
        fit(halves, stopped_after(130), distance, SETTINGS, kept=kept)
    resumed = fresh()
    fit(resumed, itertools.islice(one_batch(), SETTINGS.steps - 100), distance, SETTINGS, kept=kept)
    assert all(torch.allclose(a, b) for a, b in zip(whole.parameters(), resumed.parameters(), strict=True))


def test_a_finished_part_is_not_trained_again(tmp_path: Path) -> None:
    kept = tmp_path / "whole.pt"
    first, second = fresh(), fresh()
    fit(first, one_batch(), distance, SETTINGS, kept=kept)
    fit(second, iter(()), distance, SETTINGS, kept=kept)
    assert torch.equal(next(first.parameters()), next(second.parameters()))


def test_a_run_of_other_settings_is_not_taken_up(tmp_path: Path) -> None:
    kept = tmp_path / "whole.pt"
    fit(fresh(), one_batch(), distance, SETTINGS, kept=kept)
    with pytest.raises(BadSettings, match="other settings"):
        fit(fresh(), one_batch(), distance, dataclasses.replace(SETTINGS, steps=300), kept=kept)
