"""The training loop that all three networks share: seeded, one-cycle learning rate, a progress bar."""

from __future__ import annotations

import os
import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np
import torch
from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn
from torch import Tensor, nn

_THREADS = 2
_WEIGHT_DECAY = 1e-4
_GRADIENT_NORM = 5.0
_AVERAGE = 0.95


@dataclass(frozen=True, slots=True)
class FitSettings:
    """What a run is made of; written into the training record.

    Attributes:
        seed: of weights, cases and their order.
        cases: how many cases the training part holds.
        validation_cases, test_cases: how many synthetic cases the other parts hold.
        steps, batch: optimiser steps and cases per step.
        learning_rate: highest value of the cycle.
        warm_up: share of the steps in which the learning rate rises.
    """

    seed: int
    cases: int
    validation_cases: int
    test_cases: int
    steps: int
    batch: int
    learning_rate: float
    warm_up: float = 0.3


@dataclass(frozen=True, slots=True)
class Batch:
    """One step's images (uint8) and targets."""

    images: Tensor
    targets: Tensor


Loss = Callable[[nn.Module, Batch], Tensor]


def make_repeatable(seed: int) -> None:
    """Seed every generator, and bound the threads: the machine is shared."""
    random.seed(seed)
    np.random.seed(seed)
    torch.manual_seed(seed)
    torch.set_num_threads(min(_THREADS, int(os.environ.get("OMP_NUM_THREADS", _THREADS)), os.cpu_count() or 1))


def fit(network: nn.Module, batches: Iterator[Batch], loss: Loss, settings: FitSettings) -> float:
    """Train in place and leave the network in evaluation mode.

    Returns:
        The running mean of the loss at the end.
    """
    optimiser = torch.optim.AdamW(network.parameters(), lr=settings.learning_rate, weight_decay=_WEIGHT_DECAY)
    schedule = torch.optim.lr_scheduler.OneCycleLR(
        optimiser, settings.learning_rate, total_steps=settings.steps, pct_start=settings.warm_up
    )
    network.train()
    running = 0.0
    with _progress() as progress:
        task = progress.add_task("training", total=settings.steps, loss=0.0)
        for step in range(settings.steps):
            value = loss(network, next(batches))
            optimiser.zero_grad(set_to_none=True)
            value.backward()  # type: ignore[no-untyped-call]
            nn.utils.clip_grad_norm_(network.parameters(), _GRADIENT_NORM)
            optimiser.step()
            schedule.step()
            running = (
                float(value.detach()) if step == 0 else _AVERAGE * running + (1 - _AVERAGE) * float(value.detach())
            )
            progress.update(task, advance=1, loss=running)
    network.eval()
    return running


def _progress() -> Progress:
    return Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        TextColumn("{task.completed}/{task.total} loss {task.fields[loss]:.4f}"),
        TimeRemainingColumn(),
        console=Console(stderr=True),
    )
