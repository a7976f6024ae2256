"""The training record that lies beside the weights: what was fitted on what, with which result."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any, TypeVar

import msgspec
from rich.console import Console
from rich.progress import track

T = TypeVar("T")


class TrainingRecord(msgspec.Struct, frozen=True, kw_only=True):
    """Enough to repeat a run and to see what its figures rest on."""

    pathway: str
    smoke: bool
    settings: dict[str, Any]
    data_files: int
    data_sha256: str
    packages: dict[str, str]
    model_sha256: str
    model_bytes: int
    parity_max_error: float
    train_s: float
    metrics: dict[str, Any]


def sha256_of(paths: Iterable[Path]) -> str:
    """Hash the names and contents of files, in the order of their names; no path goes in."""
    total = hashlib.sha256()
    for path in sorted(paths, key=lambda p: (p.parent.name, p.name)):
        total.update(path.name.encode())
        total.update(hashlib.sha256(path.read_bytes()).digest())
    return total.hexdigest()


def progress_over(items: Iterable[T], total: int, label: str) -> Iterator[T]:
    """Iterate with a progress bar on standard error."""
    yield from track(items, description=label, total=total, console=Console(stderr=True))
