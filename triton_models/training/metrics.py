"""Figures of merit: area under the ROC curve, sensitivity, specificity, their intervals, logistic calibration."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

_Z95 = 1.96
_LONGEST_STEP = 2.0
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Calibration:
    """score = logistic(slope · raw + intercept)."""

    slope: float
    intercept: float


def auroc(scores: NDArray[np.float64], truth: NDArray[np.bool_]) -> float:
    """Chance that a positive scores above a negative, ties counted half (Mann–Whitney); NaN if one class is empty."""
    positives, negatives = scores[truth], scores[~truth]
    if positives.size == 0 or negatives.size == 0:
        return math.nan
    above = (positives[:, None] > negatives[None, :]).mean()
    level = (positives[:, None] == negatives[None, :]).mean()
    return float(above + 0.5 * level)


def wilson(hits: int, total: int) -> tuple[float, float]:
    """95 % interval of a proportion (Wilson, 1927)."""
    if total == 0:
        return 0.0, 1.0
    share, z2 = hits / total, _Z95**2
    middle = (share + z2 / (2 * total)) / (1 + z2 / total)
    half = _Z95 * math.sqrt(share * (1 - share) / total + z2 / (4 * total**2)) / (1 + z2 / total)
    return max(middle - half, 0.0), min(middle + half, 1.0)


def calibrate(raw: NDArray[np.float64], truth: NDArray[np.bool_], *, ridge: float = 0.05) -> Calibration:
    """Fit the logistic calibration by Newton's method, lightly penalised so that separable data stay finite."""
    design = np.stack([raw, np.ones_like(raw)], axis=1)
    # Targets pulled in from 0 and 1 (Platt, 1999) keep the scores honest where validation is small.
    up, down = int(truth.sum()), int((~truth).sum())
    target = np.where(truth, (up + 1) / (up + 2), 1 / (down + 2))
    weights = np.array([1.0, 0.0])
    for _ in range(50):
        chance = 1.0 / (1.0 + np.exp(-np.clip(design @ weights, -30, 30)))
        gradient = design.T @ (chance - target) + ridge * np.array([weights[0], 0.0])
        curvature = (design * (chance * (1 - chance))[:, None]).T @ design + np.diag([ridge, 1e-6])
        step = np.linalg.solve(curvature, gradient)
        # Where the classes do not overlap the curvature vanishes on the way, and a full step would leap to nowhere.
        weights = weights - step * min(1.0, _LONGEST_STEP / max(float(np.abs(step).max()), 1e-12))
    return Calibration(float(weights[0]), float(weights[1]))


def rates(detected: NDArray[np.bool_], negative: NDArray[np.bool_], truth: NDArray[np.bool_]) -> dict[str, float]:
    """Sensitivity and specificity with 95 % intervals; an indeterminate case counts against both.

    Args:
        detected: the state was ``detected``.
        negative: the state was ``not_detected``.
        truth: the finding is there.
    """
    hits, up = int((detected & truth).sum()), int(truth.sum())
    rests, down = int((negative & ~truth).sum()), int((~truth).sum())
    low_s, high_s = wilson(hits, up)
    low_p, high_p = wilson(rests, down)
    return {
        "positives": up,
        "negatives": down,
        "sensitivity": hits / max(up, 1),
        "sensitivity_low": low_s,
        "sensitivity_high": high_s,
        "specificity": rests / max(down, 1),
        "specificity_low": low_p,
        "specificity_high": high_p,
        "false_positives": int((detected & ~truth).sum()),
        "indeterminate": int((~detected & ~negative).sum()),
    }


def bootstrap(
    rows: Sequence[T], measure: Callable[[list[T]], float], *, times: int = 1000, seed: int = 7
) -> tuple[float, float]:
    """95 % interval of a figure over cases, by drawing the cases again with replacement; NaN draws are left out."""
    rng = np.random.default_rng(seed)
    values = [measure([rows[int(i)] for i in rng.integers(0, len(rows), len(rows))]) for _ in range(times)]
    low, high = np.nanpercentile(values, [2.5, 97.5]) if np.isfinite(values).any() else (math.nan, math.nan)
    return float(low), float(high)
