"""What a scanner makes of a patient: slices of some thickness, a kernel, grain, streaks; on one grid throughout.

Called by training, which draws on the model's own grid, and by the evaluation's full series. Pure numpy and OpenCV.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray

_LOWEST_HU, _HIGHEST_HU = -1024.0, 3071.0


@dataclass(frozen=True, slots=True)
class Acquisition:
    """How the patient was imaged.

    Attributes:
        thickness_mm: of a slice; slices touch.
        blur_mm: standard deviation of the kernel in plane.
        sharpen: share of the blurred-away detail that a sharp kernel adds again, and overshoots with.
        noise_hu: standard deviation of the noise after averaging onto the grid.
        grain_mm: length over which noise is alike in plane.
        streak_hu: strength of the horizontal streaks that shoulders, arms and hips throw.
        gain, offset_hu: how far the scanner's scale is off.
    """

    thickness_mm: float
    blur_mm: float
    sharpen: float
    noise_hu: float
    grain_mm: float
    streak_hu: float
    gain: float = 1.0
    offset_hu: float = 0.0


def acquisition_by_lot(rng: Generator) -> Acquisition:
    """Draw an acquisition: from thin and noisy to thick and smooth."""
    thickness = float(rng.choice([1.0, 1.5, 2.0, 2.5, 3.0, 5.0], p=[0.15, 0.1, 0.2, 0.15, 0.2, 0.2]))
    return Acquisition(
        thickness_mm=thickness,
        blur_mm=float(rng.uniform(0.3, 1.3)),
        sharpen=float(rng.uniform(0.0, 0.9)) if rng.random() < 0.4 else 0.0,
        noise_hu=float(np.exp(rng.uniform(np.log(3.0), np.log(26.0)))),
        grain_mm=float(rng.uniform(0.0, 2.2)),
        streak_hu=float(rng.uniform(0, 10)) if rng.random() < 0.3 else 0.0,
        gain=float(rng.uniform(0.95, 1.05)),
        offset_hu=float(rng.normal(0, 4)),
    )


def acquired(
    hu: NDArray[np.float32], spacing_mm: tuple[float, float, float], acquisition: Acquisition, rng: Generator
) -> NDArray[np.float32]:
    """Image a volume (z,y,x) on its own grid: slices thicker than the grid come back as equal neighbours."""
    starts = _slices(len(hu), spacing_mm[0], acquisition.thickness_mm, rng)
    thick = np.add.reduceat(hu, starts, axis=0) / np.diff([*starts, len(hu)])[:, None, None].astype(np.float32)
    planes = [_plane(plane, spacing_mm[1], acquisition, rng) for plane in thick]
    made = np.repeat(np.stack(planes), np.diff([*starts, len(hu)]), axis=0)
    made = made * np.float32(acquisition.gain) + np.float32(acquisition.offset_hu)
    return np.asarray(np.clip(made, _LOWEST_HU, _HIGHEST_HU), np.float32)


def _slices(count: int, step_mm: float, thickness_mm: float, rng: Generator) -> NDArray[np.int64]:
    """First voxel of each slice."""
    if thickness_mm <= step_mm:
        return np.arange(count)
    phase = float(rng.uniform(0, thickness_mm))
    edges = np.floor((np.arange(-1, count * step_mm / thickness_mm + 1) * thickness_mm + phase) / step_mm + 0.5)
    inside = np.unique(np.clip(edges, 0, count - 1).astype(np.int64))
    return np.unique(np.concatenate([[0], inside]))


def _plane(
    plane: NDArray[np.float32], pixel_mm: float, acquisition: Acquisition, rng: Generator
) -> NDArray[np.float32]:
    sigma = max(acquisition.blur_mm / pixel_mm, 1e-3)
    soft = cv2.GaussianBlur(plane, (0, 0), sigma) if sigma > 0.15 else plane  # nothing to blur
    if acquisition.sharpen:
        soft = soft + acquisition.sharpen * (soft - cv2.GaussianBlur(soft, (0, 0), 1.2 / pixel_mm))
    noise = rng.standard_normal(plane.shape, dtype=np.float32)
    if acquisition.grain_mm > 0.3 * pixel_mm:
        noise = cv2.GaussianBlur(noise, (0, 0), acquisition.grain_mm / pixel_mm)
        noise /= max(float(noise.std()), 1e-6)
    made = soft + np.float32(acquisition.noise_hu) * noise
    if acquisition.streak_hu:
        made = made + np.float32(acquisition.streak_hu) * _streaks(plane.shape, rng)
    return np.asarray(made, np.float32)


def _streaks(shape: tuple[int, ...], rng: Generator) -> NDArray[np.float32]:
    white = rng.standard_normal(shape, dtype=np.float32)
    long = cv2.blur(white, (max(3, shape[1] // 4), 1))
    return np.asarray(long / max(float(long.std()), 1e-6), np.float32)
