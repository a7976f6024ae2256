"""The operating point of the pneumonia model: calibration and thresholds from the validation part.

Children have confirmed labels. Adults have text-mined ones, of which about half are not confirmed by radiologists, so
their sensitivity is estimated: a share of the "ill" scores as the well do, and is taken out. Called by ``chest``.
"""

from __future__ import annotations

from collections.abc import Sequence

import msgspec
import numpy as np
from numpy.typing import NDArray

from triton_models.contracts import OperatingPoint
from triton_models.postprocessing.score import calibrated
from triton_models.training.films import TEXT_MINED, Film
from triton_models.training.metrics import calibrate

TARGET = (
    "sensitivity 0.90 on persons held out for validation, the lower of the thresholds of children and of adults;"
    " adults by text-mined labels, half of the positive ones taken as wrong"
)
_NAME = "pneumonia-sensitive-2"
_DETECTS, _CLEARS = 0.90, 0.93
# Share of text-mined "pneumonia" that radiologists do not confirm (the data folder's notes; RSNA re-reading).
_WRONG = 0.5
_STEPS = 200
Scores = NDArray[np.float64]
Truth = NDArray[np.bool_]


def choose(found: Sequence[Film], raw: Scores, *, seed: int) -> OperatingPoint:
    """Calibrate on as many films of every source and label, then set the thresholds."""
    truth = np.array([film.positive for film in found])
    source = np.array([film.source for film in found])
    bare = _calibrated_point(raw, truth, source, seed)
    groups = [(raw[chosen], truth[chosen], wrong) for chosen, wrong in _groups(source) if truth[chosen].any()]
    high, low = (min(threshold(*group, sensitivity=share) for group in groups) for share in (_DETECTS, _CLEARS))
    detected = round(calibrated(high, bare), 4)
    cleared = round(min(calibrated(low, bare), detected), 4)
    return msgspec.structs.replace(bare, detected_at=detected, not_detected_below=cleared)


def threshold(raw: Scores, truth: Truth, wrong: float, *, sensitivity: float) -> float:
    """The highest raw score at which the sensitivity holds, when the share ``wrong`` of the positives is none."""
    steps = np.quantile(raw, np.linspace(0.0, 1.0, _STEPS))
    seen = np.array([(raw[truth] >= step).mean() for step in steps])
    false = np.array([(raw[~truth] >= step).mean() for step in steps])
    kept = falling((seen - wrong * false) / (1.0 - wrong))
    return float(steps[np.flatnonzero(kept >= min(sensitivity, kept[0]))[-1]])


def falling(values: Scores) -> Scores:
    """The nearest never-rising course (pool adjacent violators): a sensitivity cannot rise with its threshold."""
    blocks: list[tuple[float, int]] = []
    for value in values:
        mean, size = float(value), 1
        while blocks and blocks[-1][0] < mean:
            last, count = blocks.pop()
            mean, size = (mean * size + last * count) / (size + count), size + count
        blocks.append((mean, size))
    return np.concatenate([np.full(size, mean) for mean, size in blocks])


def _groups(source: NDArray[np.str_]) -> list[tuple[Truth, float]]:
    adults = np.isin(source, TEXT_MINED)
    return [(adults, _WRONG), (~adults, 0.0)]


def _calibrated_point(raw: Scores, truth: Truth, source: NDArray[np.str_], seed: int) -> OperatingPoint:
    group = np.where(np.isin(source, TEXT_MINED), "adults", source)
    parts = [np.flatnonzero((group == name) & (truth == ill)) for name in np.unique(group) for ill in (False, True)]
    least = min(len(part) for part in parts if part.size)
    rng = np.random.default_rng([seed, 23])
    chosen = np.concatenate([rng.permutation(part)[:least] for part in parts])
    fitted = calibrate(raw[chosen], truth[chosen])
    return OperatingPoint(
        name=_NAME, detected_at=0.5, not_detected_below=0.5, target=TARGET,
        slope=fitted.slope, intercept=fitted.intercept,
    )  # fmt: skip
