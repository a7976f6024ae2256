"""Pneumonia painted into a normal film: where aerated lung fills, its transparency goes.

A film's grey value grows with what the rays met. Filled lung lacks the air that made it darker than the soft tissue
around, so an opacity adds a share of that local deficit, hides the vessels inside and keeps the ribs. Shapes: patches,
a lobe with its fissure, a segment, both bases, around the hila, and a fine net. Called by the training's batches; the
mask that comes back teaches the heat map.
"""

from __future__ import annotations

import enum
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray

from triton_models.phantoms.lung_field import lung_field

Grey = NDArray[np.float32]
Mask = NDArray[np.bool_]

# A painted opacity must be seen: at least so much grey added, over so much of the film.
_LEAST_SEEN = 0.035
_LEAST_AREA = 0.004


class Shape(enum.StrEnum):
    """How the filled lung lies."""

    PATCHES = "patches"
    LOBE = "lobe"
    SEGMENT = "segment"
    BASE = "base"
    HILA = "hila"
    NET = "net"


_ODDS = (0.27, 0.17, 0.2, 0.14, 0.1, 0.12)


@dataclass(frozen=True, slots=True)
class NormalFilm:
    """A normal film made ready for painting.

    Attributes:
        grey: 0 black to 1 white, axes y,x.
        lungs: masks of the lung on the picture's left and on its right.
        low: the film without its details.
        deficit: by how much the air makes each place darker than soft tissue.
    """

    grey: Grey
    lungs: tuple[Mask, Mask]
    low: Grey
    deficit: Grey


def normal_film(grey: Grey) -> NormalFilm | None:
    """Measure a normal film, or None where its lungs cannot be told."""
    lungs = lung_field(grey)
    if lungs is None:
        return None
    side = grey.shape[0]
    low = np.asarray(cv2.GaussianBlur(grey, (0, 0), side * 0.02), np.float32)
    deficit = np.maximum(_tissue(grey, lungs[0] | lungs[1]) - low, 0.06)
    deficit = np.asarray(cv2.GaussianBlur(deficit, (0, 0), side * 0.02), np.float32)
    return NormalFilm(grey, lungs, low, deficit)


def with_opacity(normal: NormalFilm, rng: Generator, *, shape: Shape | None = None) -> tuple[Grey, Grey]:
    """Paint one pneumonia; the lot decides place, size and strength, and the shape where none is asked for.

    Returns:
        The film with the opacity, and the mask of the opacity, 0..1.
    """
    lungs = _halved(normal.lungs[0]), _halved(normal.lungs[1])
    lot = list(Shape)[int(rng.choice(len(Shape), p=_ODDS))]
    chosen = lot if shape is None else shape
    room = _soft(lungs[0] | lungs[1], lungs[0].shape[0] * float(rng.uniform(0.01, 0.03)), grow=chosen is not Shape.NET)
    field = np.zeros(lungs[0].shape, np.float32)
    while float(field.sum()) < _LEAST_AREA * field.size:
        field = _field(chosen, lungs, rng) * room
    whole = np.asarray(cv2.resize(field, normal.grey.shape[::-1], interpolation=cv2.INTER_LINEAR), np.float32)
    return _filled(normal, whole, rng), whole


def _halved(mask: Mask) -> Mask:
    return np.ascontiguousarray(mask[::2, ::2])


def noise(shape: tuple[int, ...], rng: Generator, *, cells: tuple[int, ...] = (4, 9, 20)) -> Grey:
    """Smooth noise of several scales, mean about 0, deviation about 1."""
    total = np.zeros(shape[:2], np.float32)
    for number, count in enumerate(cells):
        coarse = rng.standard_normal((count, count)).astype(np.float32)
        total += 0.7**number * np.asarray(cv2.resize(coarse, (shape[1], shape[0]), interpolation=cv2.INTER_CUBIC))
    return np.asarray(total / max(float(total.std()), 1e-6), np.float32)


def _soft(mask: Mask, sigma: float, *, grow: bool) -> Grey:
    """Blur a mask's edge; a grown one lets opacities reach behind the heart and below the dome."""
    grey = mask.astype(np.uint8)
    if grow:
        size = max(3, round(mask.shape[0] * 0.035)) | 1
        grey = np.asarray(cv2.dilate(grey, cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (size, size))), np.uint8)
    return np.asarray(cv2.GaussianBlur(grey.astype(np.float32), (0, 0), sigma))


def _field(shape: Shape, lungs: tuple[Mask, Mask], rng: Generator) -> Grey:
    lung = lungs[int(rng.integers(2))]
    both = lungs[0] | lungs[1]
    if shape is Shape.PATCHES:
        return _patches(both if rng.random() < 0.6 else lung, rng)
    if shape is Shape.LOBE:
        return _lobe(lung, rng)
    if shape is Shape.SEGMENT:
        return _segment(lung, rng)
    if shape is Shape.BASE:
        return np.maximum(_base(lung, rng), _base(both, rng) if rng.random() < 0.4 else 0.0)
    if shape is Shape.HILA:
        return _hila(lungs, rng)
    return _net(both if rng.random() < 0.7 else lung, rng)


def _grid(mask: Mask) -> tuple[Grey, Grey]:
    rows, columns = np.ogrid[: mask.shape[0], : mask.shape[1]]
    return rows.astype(np.float32), columns.astype(np.float32)


def _place(lung: Mask, rng: Generator) -> tuple[float, float]:
    points = np.argwhere(lung)
    row, column = points[int(rng.integers(len(points)))]
    return float(row), float(column)


def _blob(lung: Mask, size: float, rng: Generator) -> Grey:
    """An irregular cloud around a random place, ``size`` as a share of the film's height."""
    (row, column), (y, x) = _place(lung, rng), _grid(lung)
    angle, stretch = float(rng.uniform(0, np.pi)), float(np.exp(rng.normal(0, 0.3)))
    dy, dx = (y - row) / (size * lung.shape[0]), (x - column) / (size * lung.shape[0])
    u, v = (np.cos(angle) * dy + np.sin(angle) * dx) * stretch, (-np.sin(angle) * dy + np.cos(angle) * dx) / stretch
    away = np.sqrt(u * u + v * v) + float(rng.uniform(0.05, 0.3)) * noise(lung.shape, rng)
    width = float(rng.uniform(0.06, 0.3))
    return np.asarray(1.0 / (1.0 + np.exp(np.clip((away - 1.0) / width, -20, 20))), np.float32)


def _patches(lung: Mask, rng: Generator) -> Grey:
    blobs = [_blob(lung, float(rng.uniform(0.03, 0.11)), rng) for _ in range(int(rng.integers(1, 6)))]
    return np.asarray(np.maximum.reduce(blobs), np.float32)


def _segment(lung: Mask, rng: Generator) -> Grey:
    return _blob(lung, float(rng.uniform(0.06, 0.17)), rng)


def _lobe(lung: Mask, rng: Generator) -> Grey:
    """Above or below an oblique line: the fissure is the one sharp edge of a lobar pneumonia."""
    y, x = _grid(lung)
    rows = np.flatnonzero(lung.any(axis=1))
    line = float(np.quantile(rows, rng.uniform(0.3, 0.7)))
    slope = float(rng.normal(0, 0.25))
    side = 1.0 if rng.random() < 0.6 else -1.0
    away = side * (y - line - slope * (x - float(np.argwhere(lung)[:, 1].mean()))) / lung.shape[0]
    sharp = float(rng.uniform(0.006, 0.05))
    half = 1.0 / (1.0 + np.exp(-np.clip(away / sharp, -20, 20)))
    uneven = np.clip(0.85 + 0.22 * noise(lung.shape, rng), 0.2, 1.0)
    return np.asarray(half * uneven * lung, np.float32)


def _base(lung: Mask, rng: Generator) -> Grey:
    """Rising from the diaphragm, higher at the wall as a meniscus, reaching below the visible dome."""
    y, x = _grid(lung)
    rows, columns = np.flatnonzero(lung.any(axis=1)), np.flatnonzero(lung.any(axis=0))
    level = float(np.quantile(rows, rng.uniform(0.6, 0.88)))
    wall = np.minimum(np.abs(x - columns[0]), np.abs(x - columns[-1])) / max(columns.size, 1)
    rise = float(rng.uniform(0, 0.12)) * np.exp(-wall / 0.12)
    away = (y - level) / lung.shape[0] + rise + 0.015 * noise(lung.shape, rng)
    return np.asarray(1.0 / (1.0 + np.exp(-np.clip(away / float(rng.uniform(0.015, 0.06)), -20, 20))), np.float32)


def _hila(lungs: tuple[Mask, Mask], rng: Generator) -> Grey:
    total = np.zeros(lungs[0].shape, np.float32)
    chosen = lungs if rng.random() < 0.7 else (lungs[int(rng.integers(2))],)
    middle = float(np.argwhere(lungs[0] | lungs[1])[:, 1].mean())
    for lung in chosen:
        points, (y, x) = np.argwhere(lung), _grid(lung)
        inner = float(points[np.abs(points[:, 1] - middle).argmin(), 1])
        row = float(np.quantile(points[:, 0], rng.uniform(0.4, 0.65)))
        size = float(rng.uniform(0.07, 0.16)) * lung.shape[0]
        away = np.square((y - row) / (size * 1.3)) + np.square((x - inner) / size)
        total += np.asarray(np.exp(-away), np.float32) * np.clip(0.8 + 0.35 * noise(lung.shape, rng), 0, 1.3)
    return np.clip(total, 0.0, 1.0)


def _net(lung: Mask, rng: Generator) -> Grey:
    """Interstitial: thin ridges between cells, over a faint haze that is stronger somewhere."""
    fine = noise(lung.shape, rng, cells=(int(rng.integers(18, 30)), int(rng.integers(34, 50))))
    ridges = np.exp(-np.square(fine / float(rng.uniform(0.4, 0.9))))
    where = 1.0 / (1.0 + np.exp(-2.5 * (noise(lung.shape, rng, cells=(3, 6)) + float(rng.uniform(-0.2, 0.8)))))
    return np.asarray((0.35 + 0.55 * ridges) * where * lung, np.float32)


def _filled(normal: NormalFilm, field: Grey, rng: Generator) -> Grey:
    """Add the share of the missing air; blur the vessels that the filled lung no longer borders."""
    film, half = normal.grey, tuple(n // 2 for n in normal.grey.shape)
    strength = float(rng.uniform(0.3, 1.05))
    texture = 1.0 + float(rng.uniform(0.03, 0.2)) * noise(half, rng, cells=(14, 30, 55))
    if rng.random() < 0.35:  # open bronchi stay dark
        lung = _halved(normal.lungs[0] | normal.lungs[1])
        texture = texture * (1.0 - float(rng.uniform(0.3, 0.7)) * _bronchi(lung, rng))
    grain = np.asarray(cv2.resize(texture, film.shape[::-1], interpolation=cv2.INTER_LINEAR), np.float32)
    added = strength * field * grain * normal.deficit
    seen = float((added * field).sum() / max(float(np.square(field).sum()), 1e-6))
    added = added * max(1.0, _LEAST_SEEN / max(seen, 1e-6))
    lost = float(rng.uniform(0.0, 0.7)) * strength * np.clip(field, 0, 1) * (film - normal.low)
    return np.asarray(np.clip(film + added - lost, 0.0, 1.0), np.float32)


def _tissue(film: Grey, lung: Mask) -> Grey:
    """The grey value that soft tissue around the lung has, carried into it."""
    outside = (~lung & (film > 0.3)).astype(np.float32)  # neither lung nor the air beside the body
    sigma = film.shape[0] * 0.10
    weight = np.asarray(cv2.GaussianBlur(outside, (0, 0), sigma))
    carried = np.asarray(cv2.GaussianBlur(film * outside, (0, 0), sigma))
    return np.asarray(carried / np.maximum(weight, 1e-3), np.float32)


def _bronchi(lung: Mask, rng: Generator) -> Grey:
    """Branching lines that run from the middle outwards and downwards."""
    canvas = np.zeros(lung.shape, np.float32)
    side = lung.shape[0]
    for _ in range(int(rng.integers(3, 9))):
        row, column = _place(lung, rng)
        angle = float(rng.uniform(-0.6, 1.2)) if column > lung.shape[1] / 2 else float(rng.uniform(1.9, 3.7))
        for _ in range(int(rng.integers(2, 5))):
            step = side * float(rng.uniform(0.02, 0.05))
            end = (row + step * np.sin(angle), column + step * np.cos(angle))
            cv2.line(canvas, (round(column), round(row)), (round(end[1]), round(end[0])), 1.0, 1, cv2.LINE_AA)
            (row, column), angle = end, angle + float(rng.normal(0, 0.4))
    soft = np.asarray(cv2.GaussianBlur(canvas, (0, 0), side * 0.004))
    return np.asarray(np.clip(soft * 2.0, 0.0, 1.0), np.float32)
