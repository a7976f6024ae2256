"""Batches for the pneumonia network, made so that nothing but the opacity can tell a positive from a negative.

Each batch holds real films of children and of adults, both labels and both views alike, and twins: the same normal film
with and without a painted opacity, with the same clutter, position, exposure and grain. Called by ``chest``.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TypeVar

import cv2
import numpy as np
import torch
from numpy.random import Generator
from numpy.typing import NDArray
from torch import Tensor

from triton_models.networks.film_net import HEAT_STRIDE
from triton_models.phantoms.film_clutter import with_clutter
from triton_models.phantoms.graft import with_graft
from triton_models.phantoms.opacity import NormalFilm, normal_film, with_opacity
from triton_models.preprocessing import chest
from triton_models.training.films import Film
from triton_models.training.fit import Batch

Grey = NDArray[np.float32]
T = TypeVar("T")
UNKNOWN = -1.0

# Of 20 films: real children and adults of either label, adults who are ill otherwise, drawn ones, twins (two films
# each) of adults, children and drawings, and grafts (two films each).
_PARTS = (
    ("children", 4), ("adults", 2), ("others", 1), ("drawn", 1),
    ("twins_adults", 3), ("twins_children", 1), ("twins_drawn", 0.5), ("grafts", 1),
)  # fmt: skip
_UNIT = 20
_POOL = {"nih": "adults", "unread": "adults", "unread_other": "others"}
# Text-mined labels are noisy: about half of its "pneumonia" is not confirmed by radiologists.
_SURE = {"children": 0.98, "adults": 0.65, "drawn": 0.98, "grafts": 0.9}
_SURE_NORMAL = {"children": 0.03, "adults": 0.05, "others": 0.12, "drawn": 0.03, "grafts": 0.06}
_WEIGHT = {"children": 1.0, "adults": 0.7, "others": 0.7, "drawn": 1.0}


@dataclass(frozen=True, slots=True)
class FilmBatch(Batch):
    """A batch whose ``targets`` (n,1) are soft labels.

    Attributes:
        weights: (n,1), how much each film counts.
        maps: (n,1,y/16,x/16), where the opacity is, ``UNKNOWN`` where nobody knows.
    """

    weights: Tensor
    maps: Tensor


@dataclass(frozen=True, slots=True)
class _Example:
    picture: NDArray[np.uint8]
    label: float
    weight: float
    map: Grey


class FilmPool:
    """The films of the training part, sorted for balanced drawing."""

    def __init__(self, found: list[Film]) -> None:
        self._films: dict[tuple[str, bool], dict[str, list[Film]]] = {}
        self._normals: dict[str, dict[str, list[NormalFilm]]] = {}
        for film in found:
            pool = _POOL.get(film.source, film.source)
            self._films.setdefault((pool, film.positive), {}).setdefault(film.view, []).append(film)
            normal = None if film.positive else normal_film(_grey(film))
            if normal is not None:
                bases = "adults" if pool == "others" else pool
                self._normals.setdefault(bases, {}).setdefault(film.view, []).append(normal)

    def batches(self, size: int, seed: int) -> Iterator[FilmBatch]:
        """Draw batches without end."""
        rng = np.random.default_rng([seed, 31])
        while True:
            yield _stacked(list(self._examples(size, rng)))

    def _examples(self, size: int, rng: Generator) -> Iterator[_Example]:
        for _ in range(max(size // _UNIT, 1)):
            for name, share in _PARTS:
                count = int(share) + int(rng.random() < share % 1)
                for number in range(count):
                    yield from self._one(name, number, rng)

    def _one(self, name: str, number: int, rng: Generator) -> Iterator[_Example]:
        if name.startswith("twins_"):
            yield from self._twins(name.removeprefix("twins_"), rng)
        elif name == "grafts":
            yield from self._grafts(rng)
        elif name == "drawn":
            yield self._real(name, positive=bool(rng.integers(2)), rng=rng)
        else:
            yield self._real(name, positive=number % 2 == 0 and name != "others", rng=rng)

    def _real(self, pool: str, *, positive: bool, rng: Generator) -> _Example:
        known = pool if (pool, positive) in self._films else "drawn"
        grey = with_clutter(_grey(_pick(self._films[(known, positive)], rng)), rng)
        empty = None if positive else np.zeros(grey.shape, np.float32)
        sure = _SURE[known] if positive else _SURE_NORMAL[known]
        return _example(grey, empty, label=sure, weight=_WEIGHT[known], lot=int(rng.integers(2**31)))

    def _twins(self, pool: str, rng: Generator) -> Iterator[_Example]:
        normal = _pick(self._bases(pool), rng)
        ill, mask = with_opacity(normal, rng)
        clutter, lot = int(rng.integers(2**31)), int(rng.integers(2**31))
        for grey, where, label in ((ill, mask, 0.97), (normal.grey, np.zeros_like(mask), _SURE_NORMAL["adults"])):
            cluttered = with_clutter(grey, np.random.default_rng(clutter))
            yield _example(cluttered, where, label=label, weight=1.0, lot=lot)

    def _grafts(self, rng: Generator) -> Iterator[_Example]:
        """The lungs of an ill and of a well child in the same adult: what tells them apart is in the lungs."""
        normal, lot = _pick(self._bases("adults"), rng), int(rng.integers(2**31))
        for positive in (True, False):
            known = "children" if ("children", positive) in self._films else "drawn"
            grafted = with_graft(normal, _grey(_pick(self._films[(known, positive)], rng)), rng)
            cluttered = with_clutter(grafted, np.random.default_rng(lot))
            label, empty = (_SURE["grafts"], None) if positive else (_SURE_NORMAL["grafts"], np.zeros_like(grafted))
            yield _example(cluttered, empty, label=label, weight=0.7, lot=lot)

    def _bases(self, pool: str) -> dict[str, list[NormalFilm]]:
        return self._normals[pool if pool in self._normals else "drawn"]


def _grey(film: Film) -> Grey:
    return np.asarray(film.levels, np.float32) / np.float32(255.0)


def _pick(views: dict[str, list[T]], rng: Generator) -> T:
    """Draw the view first, then the film: the view must not go with the label."""
    pool = views[sorted(views)[int(rng.integers(len(views)))]]
    return pool[int(rng.integers(len(pool)))]


def _example(grey: Grey, mask: Grey | None, *, label: float, weight: float, lot: int) -> _Example:
    """Position, expose and even a film; the same ``lot`` treats twins alike."""
    rows, columns = chest.PICTURE_YX
    cells = (columns // HEAT_STRIDE, rows // HEAT_STRIDE)
    matrix, flip = _position(grey.shape, np.random.default_rng([lot, 1]))
    picture = _exposed(_moved(grey, matrix, flip), np.random.default_rng([lot, 2]))
    if mask is None:
        where = np.full(cells[::-1], UNKNOWN, np.float32)
    else:
        moved = _moved(mask, matrix, flip, border=cv2.BORDER_CONSTANT)
        where = np.asarray(cv2.resize(moved, cells, interpolation=cv2.INTER_AREA), np.float32)
        where = np.clip(where * 1.5, 0.0, 1.0)
    return _Example(chest.evened(picture), label, weight, where)


def _position(shape: tuple[int, ...], rng: Generator) -> tuple[NDArray[np.float64], bool]:
    """An affine map onto the model's grid: turned, shifted, scaled, its aspect changed; and whether to mirror it."""
    rows, columns = chest.PICTURE_YX
    angle, zoom = float(rng.normal(0, 0.08)), float(np.exp(rng.normal(0.03, 0.11)))
    aspect, shear = float(np.exp(rng.normal(0, 0.08))), float(rng.normal(0, 0.03))
    turn = np.array([[np.cos(angle), -np.sin(angle) + shear], [np.sin(angle), np.cos(angle)]])
    linear = turn @ np.diag([zoom * aspect * columns / shape[1], zoom / aspect * rows / shape[0]])
    shift = np.array([columns, rows]) / 2 + rng.normal(0, 0.03, 2) * rows
    move = shift - linear @ (np.array([shape[1], shape[0]]) / 2)
    return np.hstack([linear, move[:, None]]), bool(rng.random() < 0.5)  # noqa: PLR2004 - a coin


def _moved(grey: Grey, matrix: NDArray[np.float64], flip: bool, *, border: int = cv2.BORDER_REPLICATE) -> Grey:
    rows, columns = chest.PICTURE_YX
    moved = np.asarray(cv2.warpAffine(grey, matrix, (columns, rows), borderMode=border), np.float32)
    return np.ascontiguousarray(moved[:, ::-1]) if flip else moved


def _exposed(grey: Grey, rng: Generator) -> NDArray[np.uint8]:
    """Another maker's film: gamma, window, sharpening or blur, grain."""
    grey = np.clip(grey, 0.0, 1.0) ** float(np.exp(rng.normal(0, 0.3)))
    grey = (grey - 0.5) * float(np.exp(rng.normal(0, 0.15))) + 0.5 + float(rng.normal(0, 0.04))
    sharp = float(rng.uniform(-1.0, 1.2)) if rng.random() < 0.5 else 0.0  # noqa: PLR2004 - a coin
    if sharp:
        soft = np.asarray(cv2.GaussianBlur(grey, (0, 0), float(rng.uniform(0.6, 2.5))))
        grey = grey + sharp * (grey - soft)
    grey = grey + rng.standard_normal(grey.shape, dtype=np.float32) * float(rng.exponential(0.012))
    return np.asarray(np.clip(np.rint(grey * 255.0), 0, 255), np.uint8)


def _stacked(examples: list[_Example]) -> FilmBatch:
    def column(values: list[float]) -> Tensor:
        return torch.tensor(values, dtype=torch.float32)[:, None]

    return FilmBatch(
        images=torch.from_numpy(np.stack([e.picture for e in examples])[:, None]),
        targets=column([e.label for e in examples]),
        weights=column([e.weight for e in examples]),
        maps=torch.from_numpy(np.stack([e.map for e in examples])[:, None]),
    )
