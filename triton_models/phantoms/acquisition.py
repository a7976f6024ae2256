"""What a scanner does to a head beyond sampling it: kernel, slice thickness, noise, streaks, motion, metal.

Called by ``head``; each effect is a function on int16 or float32 HU, axes z,y,x. Randomised for training so that none
of it can matter to a model.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray

_LOWEST_HU, _HIGHEST_HU = -1024.0, 3071.0
_BANK = 5
_SLACK = 48


@dataclass(frozen=True, slots=True, kw_only=True)
class Acquisition:
    """One way of scanning.

    Attributes:
        merged: how many rendered slices make one slice of the series.
        blur_mm: width (standard deviation) of the kernel in plane.
        sharpen: edge enhancement, 0 for none.
        noise_hu: standard deviation of the noise.
        grain_mm: over which the noise is correlated in plane.
        streak_hu: height of dark and bright bands across the skull base.
        ghost_mm: how far the head moved within a rotation: contours are doubled.
        jitter_mm: how far neighbouring slices are out of line.
        metal: whether dental metal throws streaks.
    """

    merged: int = 1
    blur_mm: float = 0.0
    sharpen: float = 0.0
    noise_hu: float = 12.0
    grain_mm: float = 0.4
    streak_hu: float = 0.0
    ghost_mm: float = 0.0
    jitter_mm: float = 0.0
    metal: bool = False


def random_acquisition(rng: Generator, *, merged: int = 1) -> Acquisition:
    """Draw a usable scan: any kernel, little motion."""
    soft = rng.random() < 0.7  # share of soft kernels
    return Acquisition(
        merged=merged,
        blur_mm=float(rng.uniform(0.2, 0.8)) if soft else 0.0,
        sharpen=0.0 if soft else float(rng.uniform(0.0, 1.0)),
        noise_hu=float(np.exp(rng.uniform(np.log(3), np.log(35)))),
        grain_mm=float(rng.uniform(0.2, 1.0)),
        streak_hu=float(rng.uniform(0, 15)) if rng.random() < 0.4 else 0.0,  # a share
        ghost_mm=float(rng.uniform(0, 1.5)) if rng.random() < 0.15 else 0.0,
        jitter_mm=float(rng.uniform(0, 0.5)) if rng.random() < 0.1 else 0.0,
        metal=bool(rng.random() < 0.1),
    )


def acquired(
    hu: NDArray[np.int16], spacing_mm: tuple[float, float, float], acquisition: Acquisition, rng: Generator
) -> NDArray[np.int16]:
    """Scan what was rendered; ``spacing_mm`` is that of the rendering (z, y, x)."""
    merged = acquisition.merged
    count = hu.shape[0] // merged
    pixel_mm = spacing_mm[2]
    bank = _grain(rng, hu.shape[1:], acquisition, pixel_mm)
    bands = _bands(rng, hu.shape, acquisition)
    metal = _metal(rng, hu.shape, acquisition)
    out = np.empty((count, *hu.shape[1:]), np.int16)
    for z in range(count):
        plane = hu[z * merged : (z + 1) * merged].mean(axis=0, dtype=np.float32)
        plane = _moved(_filtered(plane, acquisition, pixel_mm), acquisition, rng, pixel_mm)
        at = z * merged
        plane += bands[0] * bands[1][at] + metal[0] * metal[1][at] + _piece(bank, rng, plane.shape)
        out[z] = np.rint(np.clip(plane, _LOWEST_HU, _HIGHEST_HU))
    return out


def _filtered(plane: NDArray[np.float32], acquisition: Acquisition, pixel_mm: float) -> NDArray[np.float32]:
    if acquisition.blur_mm > 0.0:
        plane = np.asarray(cv2.GaussianBlur(plane, (0, 0), acquisition.blur_mm / pixel_mm), np.float32)
    if acquisition.sharpen > 0.0:
        soft = cv2.GaussianBlur(plane, (0, 0), 0.8 / pixel_mm)
        plane = plane + np.float32(acquisition.sharpen) * (plane - soft)
    return plane


def _moved(
    plane: NDArray[np.float32], acquisition: Acquisition, rng: Generator, pixel_mm: float
) -> NDArray[np.float32]:
    height, width = plane.shape
    if acquisition.jitter_mm > 0.0:
        dx, dy = rng.normal(0, acquisition.jitter_mm / pixel_mm, 2)
        plane = _shifted(plane, dx, dy)
    if acquisition.ghost_mm > 0.0:
        shift = acquisition.ghost_mm / pixel_mm
        plane = 0.6 * plane + 0.4 * _shifted(plane, shift, 0.5 * shift)
    return np.asarray(plane, np.float32).reshape(height, width)


def _shifted(plane: NDArray[np.float32], dx: float, dy: float) -> NDArray[np.float32]:
    matrix = np.array([[1.0, 0.0, dx], [0.0, 1.0, dy]])
    size = (plane.shape[1], plane.shape[0])
    return np.asarray(cv2.warpAffine(plane, matrix, size, borderMode=cv2.BORDER_REPLICATE), np.float32)


def _grain(
    rng: Generator, shape: tuple[int, ...], acquisition: Acquisition, pixel_mm: float
) -> list[NDArray[np.float32]]:
    bank = []
    for _ in range(_BANK):
        white = rng.standard_normal((shape[0] + _SLACK, shape[1] + _SLACK), dtype=np.float32)
        grain = cv2.GaussianBlur(white, (0, 0), max(acquisition.grain_mm / pixel_mm, 0.1))
        bank.append(np.asarray(grain * (acquisition.noise_hu / float(grain.std())), np.float32))
    return bank


def _piece(bank: list[NDArray[np.float32]], rng: Generator, shape: tuple[int, ...]) -> NDArray[np.float32]:
    picture = bank[int(rng.integers(len(bank)))]
    y, x = (int(v) for v in rng.integers(_SLACK, size=2))
    return picture[y : y + shape[0], x : x + shape[1]]


def _bands(
    rng: Generator, shape: tuple[int, ...], acquisition: Acquisition
) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """A picture of bands and how strong it is in each slice: strongest low in the head."""
    nz, ny, nx = shape
    if acquisition.streak_hu == 0.0:
        return np.zeros((ny, nx), np.float32), np.zeros(nz, np.float32)
    y, x = np.mgrid[:ny, :nx] / max(nx, ny) - 0.5
    wave = np.zeros((ny, nx))
    for _ in range(6):
        angle, pitch = rng.normal(0, 0.5), rng.uniform(6, 40)
        wave += np.sin(2 * np.pi * pitch * (y * np.cos(angle) + x * np.sin(angle)) + rng.uniform(0, 6))
    picture = wave * np.exp(-((y / 0.25) ** 2)) * acquisition.streak_hu / 2.0
    height = np.arange(nz) / nz
    return picture.astype(np.float32), np.exp(-(((height - 0.3) / 0.15) ** 2)).astype(np.float32)


def _metal(
    rng: Generator, shape: tuple[int, ...], acquisition: Acquisition
) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Streaks from teeth, low and in front."""
    nz, ny, nx = shape
    if not acquisition.metal:
        return np.zeros((ny, nx), np.float32), np.zeros(nz, np.float32)
    cy, cx = ny * rng.uniform(0.12, 0.25), nx * rng.uniform(0.4, 0.6)
    y, x = np.mgrid[:ny, :nx]
    angle, away = np.arctan2(y - cy, x - cx), np.hypot(y - cy, x - cx)
    rays = np.sin(angle * int(rng.integers(15, 50)) + rng.uniform(0, 6)) * 400.0 / (1.0 + away / 12.0)
    height = np.arange(nz) / nz
    level = np.exp(-(((height - rng.uniform(0.0, 0.15)) / 0.06) ** 2))
    return (rays + 2000.0 * (away < 8.0)).astype(np.float32), level.astype(np.float32)  # pixels
