"""The operating point of the pneumonia model: calibration and thresholds from the validation part.

A threshold for a sensitivity needs people who are surely ill. Children's labels are confirmed; adults' text-mined ones
are not, so adults are spoken for by films of patients with a positive COVID-19 test: all ill, which is enough for a
sensitivity and says nothing of specificity. Called by ``chest``.
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
    "sensitivity 0.90 on persons held out for validation: the lower of the thresholds of children with pneumonia and of"
    " adults with COVID-19 by test"
)
_NAME = "pneumonia-sensitive-2"
_DETECTS, _CLEARS = 0.90, 0.93
# A tiny run on drawings can part them so well that scores round to 1.
_HIGHEST = 0.999
# Positive by a test of the patient: fit for a threshold; without negatives of the same source, not for a calibration.
_ILL_ONLY = ("covid",)
Scores = NDArray[np.float64]
Truth = NDArray[np.bool_]


def choose(found: Sequence[Film], raw: Scores, *, seed: int) -> OperatingPoint:
    """Calibrate on as many films of every source and label, then set the thresholds."""
    truth = np.array([film.positive for film in found])
    source = np.array([film.source for film in found])
    both = ~np.isin(source, _ILL_ONLY)
    bare = _calibrated_point(raw[both], truth[both], source[both], seed)
    sure = [name for name in np.unique(source[truth]) if name not in TEXT_MINED]
    ill = [raw[truth & (source == name)] for name in sure]
    high, low = (min(float(np.quantile(scores, 1.0 - share)) for scores in ill) for share in (_DETECTS, _CLEARS))
    detected = min(round(calibrated(high, bare), 4), _HIGHEST)
    cleared = min(round(calibrated(low, bare), 4), detected)
    return msgspec.structs.replace(bare, detected_at=detected, not_detected_below=cleared)


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
