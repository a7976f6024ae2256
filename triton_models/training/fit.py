"""The training loop that all three networks share: seeded, one-cycle learning rate, a progress bar, resumable."""

from __future__ import annotations

import os
import random
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn
from torch import Tensor, nn

from schemas.errors import BadSettings

_THREADS = 2
_WEIGHT_DECAY = 1e-4
_GRADIENT_NORM = 5.0
_AVERAGE = 0.95
# A stop costs at most so many steps.
_KEEP_EVERY = 100


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


def part_of(folder: Path | None, name: str) -> Path | None:
    """The file in which one part of a run keeps its state."""
    return None if folder is None else folder / f"{name}.pt"


def fit(
    network: nn.Module, batches: Iterator[Batch], loss: Loss, settings: FitSettings, *, kept: Path | None = None
) -> float:
    """Train in place and leave the network in evaluation mode.

    Args:
        network: what is trained.
        batches: for ever; after a stop they are drawn from their beginning again.
        loss: of a network on a batch.
        settings: of the run.
        kept: file in which the state is kept now and then. Where it is there, from a run of the same settings, training
            goes on from it.

    Returns:
        The running mean of the loss at the end.

    Raises:
        BadSettings: the file at ``kept`` is of other settings.
    """
    optimiser = torch.optim.AdamW(network.parameters(), lr=settings.learning_rate, weight_decay=_WEIGHT_DECAY)
    schedule = torch.optim.lr_scheduler.OneCycleLR(
        optimiser, settings.learning_rate, total_steps=settings.steps, pct_start=settings.warm_up
    )
    parts = {"network": network, "optimiser": optimiser, "schedule": schedule}
    first, running = _resumed(kept, parts, settings)
    network.train()
    with _progress() as progress:
        task = progress.add_task("training", total=settings.steps, completed=first, loss=running)
        for step in range(first, settings.steps):
            value = loss(network, next(batches))
            optimiser.zero_grad(set_to_none=True)
            value.backward()  # type: ignore[no-untyped-call]
            nn.utils.clip_grad_norm_(network.parameters(), _GRADIENT_NORM)
            optimiser.step()
            schedule.step()
            running = (
                float(value.detach()) if step == 0 else _AVERAGE * running + (1 - _AVERAGE) * float(value.detach())
            )
            if kept is not None and (step + 1 == settings.steps or (step + 1) % _KEEP_EVERY == 0):
                _keep(kept, parts, settings, step + 1, running)
            progress.update(task, advance=1, loss=running)
    network.eval()
    return running


def _keep(path: Path, parts: dict[str, Any], settings: FitSettings, step: int, running: float) -> None:
    """Write the state of a run; a stop in the middle leaves the older file whole."""
    path.parent.mkdir(parents=True, exist_ok=True)
    state = {name: part.state_dict() for name, part in parts.items()}
    with tempfile.NamedTemporaryFile(dir=path.parent, delete=False) as file:
        torch.save(state | {"settings": asdict(settings), "step": step, "running": running}, file)
    Path(file.name).replace(path)


def _resumed(path: Path | None, parts: dict[str, Any], settings: FitSettings) -> tuple[int, float]:
    """Take up the state of a stopped run: the steps that are done, and the running loss."""
    if path is None or not path.exists():
        return 0, 0.0
    state = torch.load(path, weights_only=True)
    if state["settings"] != asdict(settings):
        raise BadSettings(f"{path} is of a run with other settings: remove it, or train into another folder")
    for name, part in parts.items():
        part.load_state_dict(state[name])
    return int(state["step"]), float(state["running"])


def _progress() -> Progress:
    return Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        TextColumn("{task.completed}/{task.total} loss {task.fields[loss]:.4f}"),
        TimeRemainingColumn(),
        console=Console(stderr=True),
    )
