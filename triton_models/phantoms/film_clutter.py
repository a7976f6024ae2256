"""What a film shows beside lungs and is no pneumonia: lines, leads, letters, folds, nipples, nodules, breasts, borders.

Called by the training's batches with the same seed for a film with and for the film without an opacity, so that none of
it can tell the two apart.
"""

from __future__ import annotations

from collections.abc import Callable

import cv2
import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray

Grey = NDArray[np.float32]

_ODDS = 0.16


def with_clutter(film: Grey, rng: Generator) -> Grey:
    """Add some of it; ``film`` is 0 black to 1 white, axes y,x."""
    out = film
    for add in (_warped, _breasts, _nodules, _nipples, _folds, _tubes, _leads, _device, _letters, _uneven, _borders):
        if rng.random() < _ODDS:
            out = add(out, rng)
    return np.clip(out, 0.0, 1.0).astype(np.float32)


def _painted(film: Grey, paint: Callable[[Grey], None], *, blur: float) -> Grey:
    canvas = np.zeros(film.shape, np.float32)
    paint(canvas)
    return np.asarray(cv2.GaussianBlur(canvas, (0, 0), max(blur * film.shape[0], 0.3)))


def _at(film: Grey, rng: Generator, rows: tuple[float, float], columns: tuple[float, float]) -> tuple[int, int]:
    """A point x, y in pixels; ranges are shares of the film."""
    return round(float(rng.uniform(*columns)) * film.shape[1]), round(float(rng.uniform(*rows)) * film.shape[0])


def _warped(film: Grey, rng: Generator) -> Grey:
    """A wide heart, a high dome or a shallow breath: a smooth local stretch."""
    rows, columns = film.shape
    y, x = np.meshgrid(np.arange(rows, dtype=np.float32), np.arange(columns, dtype=np.float32), indexing="ij")
    cx, cy = _at(film, rng, (0.45, 0.8), (0.3, 0.7))
    size = float(rng.uniform(0.12, 0.28)) * rows
    near = np.exp(-(np.square(y - cy) + np.square(x - cx)) / (2 * size * size))
    pull, lift = float(rng.uniform(-0.35, 0.3)), float(rng.normal(0, 0.04)) * rows
    return np.asarray(
        cv2.remap(film, (x + pull * near * (x - cx)).astype(np.float32), (y + lift * near).astype(np.float32),
                  cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
    )  # fmt: skip


def _breasts(film: Grey, rng: Generator) -> Grey:
    row, size = float(rng.uniform(0.5, 0.7)), float(rng.uniform(0.13, 0.22))
    amount = float(rng.uniform(0.04, 0.14))

    def paint(canvas: Grey) -> None:
        for side in (-1, 1):
            centre = round((0.5 + side * float(rng.uniform(0.2, 0.27))) * film.shape[1]), round(row * film.shape[0])
            axes = round(size * film.shape[1]), round(size * float(rng.uniform(0.8, 1.2)) * film.shape[0])
            cv2.ellipse(canvas, centre, axes, 0, 0, 360, amount, -1, cv2.LINE_AA)

    return film + _painted(film, paint, blur=float(rng.uniform(0.008, 0.03)))


def _nodules(film: Grey, rng: Generator) -> Grey:
    def paint(canvas: Grey) -> None:
        for _ in range(int(rng.integers(1, 4))):
            radius = max(2, round(float(rng.uniform(0.012, 0.035)) * film.shape[0]))
            where = _at(film, rng, (0.2, 0.7), (0.15, 0.85))
            cv2.circle(canvas, where, radius, float(rng.uniform(0.06, 0.25)), -1, cv2.LINE_AA)

    return film + _painted(film, paint, blur=0.005)


def _nipples(film: Grey, rng: Generator) -> Grey:
    row, away = float(rng.uniform(0.5, 0.72)), float(rng.uniform(0.2, 0.3))

    def paint(canvas: Grey) -> None:
        for side in (-1, 1):
            centre = round((0.5 + side * away) * film.shape[1]), round(row * film.shape[0])
            cv2.circle(canvas, centre, max(2, round(0.012 * film.shape[0])), float(rng.uniform(0.04, 0.1)), -1)

    return film + _painted(film, paint, blur=0.006)


def _folds(film: Grey, rng: Generator) -> Grey:
    """Skin and clothes: long soft bands."""

    def paint(canvas: Grey) -> None:
        for _ in range(int(rng.integers(1, 4))):
            start, end = _at(film, rng, (0, 1), (0, 1)), _at(film, rng, (0, 1), (0, 1))
            width = max(1, round(float(rng.uniform(0.008, 0.06)) * film.shape[0]))
            cv2.line(canvas, start, end, float(rng.uniform(-0.06, 0.1)), width, cv2.LINE_AA)

    return film + _painted(film, paint, blur=float(rng.uniform(0.002, 0.02)))


def _tubes(film: Grey, rng: Generator) -> Grey:
    def paint(canvas: Grey) -> None:
        for _ in range(int(rng.integers(1, 4))):
            ends = np.array([_at(film, rng, (-0.05, 1), (0, 1)) for _ in range(3)], np.float64)
            share = np.linspace(0, 1, 24)[:, None]
            curve = (1 - share) ** 2 * ends[0] + 2 * share * (1 - share) * ends[1] + share**2 * ends[2]
            points = np.round(curve).astype(np.int32)[:, None]
            cv2.polylines(canvas, [points], False, float(rng.uniform(0.1, 0.4)), int(rng.integers(1, 3)), cv2.LINE_AA)

    return film + _painted(film, paint, blur=0.002)


def _leads(film: Grey, rng: Generator) -> Grey:
    def paint(canvas: Grey) -> None:
        for _ in range(int(rng.integers(1, 5))):
            where = _at(film, rng, (0.1, 0.9), (0.1, 0.9))
            cv2.circle(canvas, where, max(2, round(0.014 * film.shape[0])), float(rng.uniform(0.2, 0.6)), -1)

    return film + _painted(film, paint, blur=0.002)


def _device(film: Grey, rng: Generator) -> Grey:
    """A pacemaker's case and its lead."""

    def paint(canvas: Grey) -> None:
        x, y = _at(film, rng, (0.15, 0.35), (0.12, 0.85))
        side = round(float(rng.uniform(0.04, 0.07)) * film.shape[0])
        cv2.ellipse(canvas, (x, y), (side, round(side * 0.8)), float(rng.uniform(0, 180)), 0, 360, 0.7, -1)
        cv2.line(canvas, (x, y), _at(film, rng, (0.5, 0.75), (0.45, 0.6)), 0.4, 1, cv2.LINE_AA)

    return film + _painted(film, paint, blur=0.002)


def _letters(film: Grey, rng: Generator) -> Grey:
    out = film.copy()
    word = ("R", "L", "AP", "PORTABLE", "SUPINE", "PA")[int(rng.integers(6))]
    size = float(rng.uniform(0.3, 0.8))
    cv2.putText(out, word, _at(film, rng, (0.05, 0.3), (0.0, 0.85)), cv2.FONT_HERSHEY_SIMPLEX, size, 1.0, 1)
    return out


def _uneven(film: Grey, rng: Generator) -> Grey:
    """Exposure that falls off along one direction, and scatter."""
    y, x = np.ogrid[-1 : 1 : film.shape[0] * 1j, -1 : 1 : film.shape[1] * 1j]
    ramp = float(rng.normal(0, 0.08)) * y + float(rng.normal(0, 0.08)) * x
    veil = np.asarray(cv2.GaussianBlur(film, (0, 0), film.shape[0] * 0.08))
    share = float(rng.uniform(0, 0.3))
    return np.asarray((1 - share) * film + share * veil + ramp, np.float32)


def _borders(film: Grey, rng: Generator) -> Grey:
    """Collimation: black or white bars at the edges."""
    out, level = film.copy(), float(rng.random() < 0.3)
    for edge in range(4):
        if rng.random() < 0.5:
            wide = max(1, round(float(rng.uniform(0.01, 0.12)) * film.shape[0]))
            view = (out, out.T, out[::-1], out.T[::-1])[edge]
            view[:wide] = level
    return out
