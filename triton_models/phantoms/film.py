"""A frontal chest film, drawn from a seed, with or without a consolidation: the chest pathway's synthetic patient.

A drawing that has the grey levels and the layout of a film; real films, not these, judge the model.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray

from schemas.findings import Side

Picture = NDArray[np.float32]
Numbers = NDArray[np.floating[Any]]

_RIBS = 9


@dataclass(frozen=True, slots=True)
class FilmParameters:
    """One synthetic film.

    Attributes:
        seed: same seed and settings, same pixels.
        consolidation: the side of the opacity, NONE for a normal film.
        severity: 0..1, how dense and wide the opacity is.
        noise: standard deviation on the 0..1 scale.
    """

    seed: int
    consolidation: Side = Side.NONE
    severity: float = 0.8
    noise: float = 0.012


@dataclass(frozen=True, slots=True)
class FilmTruth:
    """Side and centre (row, column as shares of the picture) of the opacity, or NONE and None."""

    side: Side
    centre_yx: tuple[float, float] | None


def render_film(parameters: FilmParameters, shape_yx: tuple[int, int] = (1024, 1024)) -> tuple[Picture, FilmTruth]:
    """Render a film.

    Returns:
        float32, axes y,x, 0 black to 1 white, the patient's right on the picture's left; and the truth.
    """
    rng = np.random.default_rng([parameters.seed, 41])
    y, x = _grid(shape_yx, rng)
    lungs = _lungs(y, x, rng)
    picture = _body(y, x, rng)
    picture -= _aeration(rng) * np.maximum(lungs[0], lungs[1])
    picture += _markings(y, x, np.maximum(lungs[0], lungs[1]), rng)
    picture += _bones(y, x, rng)
    centre = None
    if parameters.consolidation in (Side.LEFT, Side.RIGHT):
        opacity, centre = _opacity(y, x, lungs, parameters, rng)
        picture += opacity
    picture = _with_mediastinum(picture, y, x, rng)
    return _exposed(picture, parameters, rng), FilmTruth(parameters.consolidation, centre)


def _grid(shape: tuple[int, int], rng: Generator) -> tuple[Picture, Picture]:
    """Rows and columns as -1..1, slightly shifted, scaled and turned."""
    rows, columns = np.meshgrid(np.linspace(-1, 1, shape[0]), np.linspace(-1, 1, shape[1]), indexing="ij")
    angle, zoom = rng.normal(0, 0.025), rng.normal(1.0, 0.05)
    y = (np.cos(angle) * rows + np.sin(angle) * columns) / zoom + rng.normal(0, 0.03)
    x = (-np.sin(angle) * rows + np.cos(angle) * columns) / zoom + rng.normal(0, 0.02)
    return y.astype(np.float32), x.astype(np.float32)


def _soft(distance: Numbers, width: float) -> Picture:
    """1 inside (negative distance), 0 outside, with a soft edge."""
    return np.asarray(1.0 / (1.0 + np.exp(np.clip(distance / width, -30, 30))), np.float32)


def _ellipse(y: Picture, x: Picture, centre: tuple[float, float], semi: tuple[float, float]) -> Picture:
    """Roughly the distance to an ellipse's edge, negative inside."""
    away = np.sqrt(np.square((y - centre[0]) / semi[0]) + np.square((x - centre[1]) / semi[1]))
    return np.asarray((away - 1.0) * min(semi), np.float32)


def _lungs(y: Picture, x: Picture, rng: Generator) -> tuple[Picture, Picture]:
    """Masks 0..1 of the patient's right lung (picture's left) and left lung, cut below by the diaphragm."""
    found = []
    for side, dome in ((-1.0, 0.50), (1.0, 0.56)):
        width = 0.37 + rng.normal(0, 0.015)
        outline = _ellipse(y, x, (0.10, side * 0.43), (0.98, width))
        arch = dome + rng.normal(0, 0.03) + 0.55 * np.square(x - side * 0.36)
        found.append(_soft(outline, 0.012) * _soft(y - arch, 0.012) * _soft(-(side * x) + 0.10, 0.012))
    return found[0], found[1]


def _body(y: Picture, x: Picture, rng: Generator) -> Picture:
    """Soft tissue of the chest wall, thinner to the sides, and air beside it."""
    wall = _soft(_ellipse(y, x, (0.35, 0.0), (1.75, 0.99)), 0.015)
    shoulders = _soft(-(y + 0.98 - 0.45 * np.abs(x)), 0.02)
    thickness = 0.66 + 0.10 * y - 0.12 * np.square(x) + rng.normal(0, 0.02)
    neck = _soft(np.abs(x) - 0.24, 0.02)
    return np.asarray(thickness * wall * np.maximum(shoulders, neck), np.float32)


def _aeration(rng: Generator) -> float:
    return float(rng.uniform(0.40, 0.50))


def _markings(y: Picture, x: Picture, lungs: Picture, rng: Generator) -> Picture:
    """Pulmonary vessels: lines that fan out from the hila and thin out to the periphery."""
    canvas = np.zeros(y.shape, np.float32)
    rows, columns = y.shape
    for side in (-1, 1):
        for _ in range(26):
            angle = rng.uniform(-1.25, 1.25)
            length = rng.uniform(0.25, 0.6)
            steps = np.linspace(0, length, 14)
            bend = rng.normal(0, 0.35)
            py = 0.06 + steps * np.sin(angle + bend * steps)
            px = side * (0.17 + steps * np.cos(angle + bend * steps) * 0.75)
            points = np.stack([(px + 1) / 2 * columns, (py + 1) / 2 * rows], axis=1)
            for k in range(len(points) - 1):
                width = max(1, round((1.0 - k / 14) * 0.012 * columns))
                cv2.line(canvas, _pixel(points[k]), _pixel(points[k + 1]), 0.11 * (1.0 - k / 16), width, cv2.LINE_AA)
    hila = sum(np.exp(-np.square((y - 0.05) / 0.13) - np.square((x - s * 0.19) / 0.07)) for s in (-1, 1))
    soft = cv2.GaussianBlur(canvas, (0, 0), 0.003 * columns)
    return np.asarray(soft * lungs + 0.16 * np.asarray(hila, np.float32), np.float32)


def _pixel(point: NDArray[np.float64]) -> tuple[int, int]:
    return round(float(point[0])), round(float(point[1]))


def _bones(y: Picture, x: Picture, rng: Generator) -> Picture:
    """Posterior ribs, clavicles and spine."""
    out = np.zeros(y.shape, np.float32)
    gap = rng.normal(0.155, 0.006)
    side_away = np.abs(x)
    for number in range(_RIBS):
        middle = -0.82 + number * gap
        course = middle + 0.16 * np.sin(np.clip(side_away, 0, 0.9) * 2.2) + 0.28 * np.square(side_away)
        inner = _soft(np.abs(y - course) - 0.030, 0.006) - 0.45 * _soft(np.abs(y - course) - 0.018, 0.008)
        out += 0.11 * inner * _soft(side_away - 0.86, 0.03) * _soft(0.10 - side_away, 0.02)
    collar = -0.66 - 0.22 * np.clip(side_away - 0.1, 0, 1) + 0.12 * np.sin(side_away * 5)
    out += (
        0.14 * _soft(np.abs(y - collar) - 0.028, 0.006) * _soft(0.08 - side_away, 0.02) * _soft(side_away - 0.8, 0.02)
    )
    spine = _soft(side_away - 0.085, 0.012) * (0.85 + 0.15 * np.sin(y * 42))
    return np.asarray(out + 0.10 * spine, np.float32)


def _with_mediastinum(picture: Picture, y: Picture, x: Picture, rng: Generator) -> Picture:
    """Heart, great vessels and the abdomen below the diaphragm are dense."""
    ratio = rng.uniform(0.27, 0.33)
    heart = _soft(_ellipse(y, x, (0.36, 0.13), (0.34, ratio)), 0.014)
    vessels = _soft(_ellipse(y, x, (-0.15, 0.02), (0.55, 0.15)), 0.014)
    knob = _soft(_ellipse(y, x, (-0.24, 0.13), (0.09, 0.09)), 0.010)
    dense = np.maximum(heart, np.maximum(vessels, knob))
    trachea = 0.07 * _soft(np.abs(x) - 0.038, 0.008) * _soft(y + 0.22, 0.03)
    return np.asarray(np.maximum(picture, 0.68 * dense + picture * (1 - dense)) + 0.05 * dense - trachea, np.float32)


def _opacity(
    y: Picture, x: Picture, lungs: tuple[Picture, Picture], parameters: FilmParameters, rng: Generator
) -> tuple[Picture, tuple[float, float]]:
    """A cloudy density inside one lung, with branching air in it."""
    left = parameters.consolidation is Side.LEFT
    sign = 1.0 if left else -1.0
    cy, cx = rng.uniform(-0.05, 0.34), sign * rng.uniform(0.40 if left else 0.32, 0.52)
    size = 0.14 + 0.14 * parameters.severity
    away = np.square((y - cy) / (size * rng.uniform(1.0, 1.4))) + np.square((x - cx) / (size * rng.uniform(0.8, 1.1)))
    cloud = np.exp(-np.square(away)) * (0.78 + 0.30 * _clouds(y.shape, rng))
    amount = 0.18 + 0.20 * parameters.severity
    mask = lungs[1] if left else lungs[0]
    row, column = float((cy + 1) / 2), float((cx + 1) / 2)
    return np.asarray(amount * cloud * mask, np.float32), (row, column)


def _clouds(shape: tuple[int, int], rng: Generator) -> Picture:
    """Smooth noise of several scales, about -1..1."""
    total = np.zeros(shape, np.float32)
    for cells, weight in ((6, 0.5), (14, 0.3), (34, 0.2)):
        coarse = rng.standard_normal((cells, cells)).astype(np.float32)
        total += weight * np.asarray(cv2.resize(coarse, (shape[1], shape[0]), interpolation=cv2.INTER_CUBIC))
    return np.clip(total, -1.0, 1.0)


def _exposed(picture: Picture, parameters: FilmParameters, rng: Generator) -> Picture:
    """Scatter, noise and the film's curve."""
    blurred = cv2.GaussianBlur(picture, (0, 0), 0.0016 * picture.shape[1])
    scatter = cv2.GaussianBlur(picture, (0, 0), 0.05 * picture.shape[1])
    mixed = 0.9 * blurred + 0.1 * scatter
    mixed = mixed + rng.normal(0.0, parameters.noise, picture.shape).astype(np.float32)
    gamma = float(rng.uniform(0.85, 1.15))
    return np.asarray(np.power(np.clip(mixed + 0.04, 0.0, 1.0), gamma), np.float32)
