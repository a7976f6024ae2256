"""The figures of a set of judged cases, each with its bootstrap 95 % interval over cases.

A case that the pathway could not score counts against it: a missed positive is missed whatever the reason, and
``specificity_strict`` wants a clear "not detected". ROC and precision–recall areas are over scored cases and say how
many were not.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence

import numpy as np
from numpy.typing import NDArray
from sklearn.metrics import average_precision_score, brier_score_loss, roc_auc_score

from schemas.findings import OutcomeKind
from triton_models.evidence.cases import JudgedCase, Label

Measure = Callable[[Sequence[JudgedCase]], float]
_RESAMPLES = 500
_SEED = 20240
_WITHIN_MM = 2.5
_BINS = 10
_FEWEST = 2


def figures_of(cases: Sequence[JudgedCase], *, prevalence: float | None = None) -> dict[str, object]:
    """Measure everything that the labels allow.

    Args:
        cases: judged cases; those without a label are counted and nothing else.
        prevalence: share of positives at the site, for PPV and NPV there.

    Returns:
        Counts, ``sensitivity``, ``specificity`` (share not flagged), ``specificity_strict``, ``auroc``, ``auprc``,
        ``brier``, ``calibration_error``, ``side_accuracy``, ``segment_accuracy`` (of detected positives),
        ``mean_abs_error_mm``, ``within_2_5_mm``, ``interval_coverage``, ``indeterminate_right``,
        ``not_applicable_right``, each with ``_low`` and ``_high``; None where nothing speaks for a figure.
    """
    labelled = [case for case in cases if case.truth.label is not Label.UNKNOWN]
    found: dict[str, object] = dict(counts_of(cases))
    for name, measure in MEASURES.items():
        value = measure(labelled)
        low, high = bootstrap(labelled, measure) if math.isfinite(value) else (math.nan, math.nan)
        found |= {name: _plain(value), f"{name}_low": _plain(low), f"{name}_high": _plain(high)}
    if prevalence is not None:
        found |= predictive_values(MEASURES["sensitivity"](labelled), MEASURES["specificity"](labelled), prevalence)
    return found


def counts_of(cases: Sequence[JudgedCase]) -> dict[str, int]:
    """Count cases by truth and by outcome."""
    found = {f"{label.name.lower()}_cases": sum(c.truth.label is label for c in cases) for label in Label}
    found |= {f"outcome_{kind.value}": sum(c.outcome.kind is kind for c in cases) for kind in _KINDS}
    found |= {f"finding_{state}": sum(c.state == state for c in cases) for state in _STATES}
    judged = [c for c in cases if c.truth.label in _TWO]
    return {"total": len(cases), **found, "unscored": sum(c.score is None for c in judged)}


def grouped(cases: Sequence[JudgedCase]) -> dict[str, dict[str, dict[str, object]]]:
    """Give sensitivity, specificity and error for each value of each group (``segment``, ``thickness`` and so on)."""
    names = sorted({name for case in cases for name in case.truth.groups})
    return {name: {value: _group(inside) for value, inside in _by(cases, name).items()} for name in names}


def bootstrap(cases: Sequence[JudgedCase], measure: Measure) -> tuple[float, float]:
    """95 % percentile interval over cases; the draw is fixed, so that a report can be repeated."""
    rng = np.random.default_rng(_SEED)
    drawn = rng.integers(0, len(cases), (_RESAMPLES, len(cases)))
    values = np.array([measure([cases[i] for i in row]) for row in drawn])
    kept = values[np.isfinite(values)]
    if kept.size < _FEWEST:
        return math.nan, math.nan
    low, high = np.quantile(kept, [0.025, 0.975])
    return float(low), float(high)


def predictive_values(sensitivity: float, specificity: float, prevalence: float) -> dict[str, object]:
    """PPV and NPV where ``prevalence`` of the studies are positive (Bayes)."""
    hit, false = sensitivity * prevalence, (1 - specificity) * (1 - prevalence)
    rest, missed = specificity * (1 - prevalence), (1 - sensitivity) * prevalence
    return {
        "prevalence": prevalence,
        "ppv_at_prevalence": _plain(hit / (hit + false) if hit + false > 0 else math.nan),
        "npv_at_prevalence": _plain(rest / (rest + missed) if rest + missed > 0 else math.nan),
    }


def scored(cases: Sequence[JudgedCase]) -> tuple[NDArray[np.float64], NDArray[np.bool_]]:
    """Scores and truth of the positive and negative cases that have a score."""
    kept = [case for case in cases if case.truth.label in _TWO and case.score is not None]
    return np.array([case.score for case in kept], np.float64), np.array([_is_positive(case) for case in kept], bool)


def calibration_bins(cases: Sequence[JudgedCase]) -> list[tuple[float, float, int]]:
    """Mean score, share of positives and count in ten equal bins of the score; empty bins are left out."""
    scores, truth = scored(cases)
    place = np.minimum((scores * _BINS).astype(np.int64), _BINS - 1)
    filled = (place == k for k in range(_BINS))
    return [(float(scores[i].mean()), float(truth[i].mean()), int(i.sum())) for i in filled if i.any()]


def diameter_errors(cases: Sequence[JudgedCase]) -> NDArray[np.float64]:
    """Measured minus true diameter in millimetres, where both are there."""
    pairs = [(case.diameter(), case.truth.diameter_mm) for case in cases]
    return np.array([measured[0] - true for measured, true in pairs if measured and true is not None], np.float64)


def _group(cases: Sequence[JudgedCase]) -> dict[str, object]:
    names = ("sensitivity", "specificity", "auroc", "mean_abs_error_mm")
    counted = {"cases": len(cases), "positives": sum(_is_positive(c) for c in cases)}
    return counted | {name: _plain(MEASURES[name](cases)) for name in names}


def _by(cases: Sequence[JudgedCase], name: str) -> Mapping[str, list[JudgedCase]]:
    values = sorted({case.truth.groups.get(name, "") for case in cases} - {""})
    return {value: [case for case in cases if case.truth.groups.get(name) == value] for value in values}


def _share(cases: Sequence[JudgedCase], of: Callable[[JudgedCase], bool], good: Callable[[JudgedCase], bool]) -> float:
    asked = [good(case) for case in cases if of(case)]
    return float(np.mean(asked)) if asked else math.nan


def _is_positive(case: JudgedCase) -> bool:
    return case.truth.label is Label.POSITIVE


def _is_negative(case: JudgedCase) -> bool:
    return case.truth.label is Label.NEGATIVE


def _area(measure: Callable[[NDArray[np.bool_], NDArray[np.float64]], float]) -> Measure:
    def area(cases: Sequence[JudgedCase]) -> float:
        scores, truth = scored(cases)
        return float(measure(truth, scores)) if truth.any() and not truth.all() else math.nan

    return area


def _calibration_error(cases: Sequence[JudgedCase]) -> float:
    bins = calibration_bins(cases)
    total = sum(count for *_, count in bins)
    return sum(abs(mean - share) * count for mean, share, count in bins) / total if total else math.nan


def _mean_abs_error(cases: Sequence[JudgedCase]) -> float:
    errors = diameter_errors(cases)
    return float(np.abs(errors).mean()) if errors.size else math.nan


def _within(cases: Sequence[JudgedCase]) -> float:
    errors = diameter_errors(cases)
    return float((np.abs(errors) <= _WITHIN_MM).mean()) if errors.size else math.nan


def _coverage(cases: Sequence[JudgedCase]) -> float:
    hits = []
    for case in cases:
        measured, true = case.diameter(), case.truth.diameter_mm
        if measured and true is not None and measured[1] is not None and measured[2] is not None:
            hits.append(measured[1] <= true <= measured[2])
    return float(np.mean(hits)) if hits else math.nan


def _side_is_known(case: JudgedCase) -> bool:
    return case.detected and _is_positive(case) and case.truth.side in ("left", "right")


def _side_is_right(case: JudgedCase) -> bool:
    return case.finding is not None and case.finding.location.side.value == case.truth.side


def _segment_is_right(case: JudgedCase) -> bool:
    return case.finding is not None and case.finding.location.segment.lower() == case.truth.segment.lower()


def _plain(value: float) -> float | None:
    return round(value, 4) if math.isfinite(value) else None


_TWO = (Label.POSITIVE, Label.NEGATIVE)
_KINDS = (OutcomeKind.SCORED, OutcomeKind.NOT_APPLICABLE, OutcomeKind.FAILED)
_STATES = ("detected", "not_detected", "indeterminate")

MEASURES: Mapping[str, Measure] = {
    "sensitivity": lambda cases: _share(cases, _is_positive, lambda c: c.detected),
    "specificity": lambda cases: _share(cases, _is_negative, lambda c: not c.detected),
    "specificity_strict": lambda cases: _share(cases, _is_negative, lambda c: c.state == "not_detected"),
    "auroc": _area(roc_auc_score),
    "auprc": _area(average_precision_score),
    "brier": _area(brier_score_loss),
    "calibration_error": _calibration_error,
    "side_accuracy": lambda cases: _share(cases, _side_is_known, _side_is_right),
    "segment_accuracy": lambda cases: _share(
        cases, lambda c: c.detected and _is_positive(c) and c.truth.segment != "", _segment_is_right
    ),
    "mean_abs_error_mm": _mean_abs_error,
    "within_2_5_mm": _within,
    "interval_coverage": _coverage,
    "indeterminate_right": lambda cases: _share(
        cases, lambda c: c.truth.label is Label.INDETERMINATE, lambda c: c.state == "indeterminate"
    ),
    "not_applicable_right": lambda cases: _share(
        cases,
        lambda c: c.truth.label is Label.NOT_APPLICABLE,
        lambda c: c.outcome.kind is OutcomeKind.NOT_APPLICABLE,
    ),
}
