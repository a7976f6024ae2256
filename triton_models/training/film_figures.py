"""Figures of the pneumonia model: areas with intervals, rates at the operating point, what balancing the view costs.

Pure functions of films, raw scores and the operating point; ``chest`` calls them. Intervals of areas are 95 % bootstrap
intervals, cases of each class drawn again; intervals of rates are Wilson's.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from schemas.findings import FindingState
from triton_models.contracts import OperatingPoint
from triton_models.postprocessing.score import calibrated, state_of
from triton_models.training.films import Film
from triton_models.training.metrics import auroc, rates

_TIMES = 1000
_BINS = 5
Scores = NDArray[np.float64]
Truth = NDArray[np.bool_]


def headline(found: Sequence[Film], raw: Scores, point: OperatingPoint) -> dict[str, object]:
    """The figures that the issue tracker and the card quote, under stable names."""
    truth = np.array([film.positive for film in found])
    source = np.array([film.source for film in found])
    view = np.array([film.view for film in found])
    adults = source == "adults"
    groups = {"children": source == "children", "adults": adults, "adults_ap": adults & (view == "AP")}
    groups |= {"adults_pa": adults & (view == "PA"), "drawn": source == "drawn"}
    result: dict[str, object] = {}
    for name, chosen in groups.items():
        if not (chosen & truth).any() or not (chosen & ~truth).any():
            continue
        result[f"auroc_{name}"] = auroc(raw[chosen], truth[chosen])
        low, high = auroc_interval(raw[chosen], truth[chosen])
        result |= {f"auroc_{name}_low": low, f"auroc_{name}_high": high}
    result |= _view_cost(raw[adults], truth[adults], view[adults])
    result["operating_point"] = {
        "name": point.name,
        "detected_at": point.detected_at,
        "not_detected_below": point.not_detected_below,
        "target": point.target,
        **{name: at_point(raw[groups[name]], truth[groups[name]], point) for name in ("adults", "children")},
    }
    return result


def _view_cost(raw: Scores, truth: Truth, view: NDArray[np.str_]) -> dict[str, object]:
    """What balancing the view costs adults, and whether the scores of the well tell it (0.5: they do not)."""
    well = ~truth & (view != "")
    if not truth.any() or not well.any():
        return {}
    balanced = view_balanced(raw, truth, view)
    return {
        "auroc_adults_view_balanced": balanced,
        "lost_by_view_balance": auroc(raw, truth) - balanced,
        "view_told_by_score": auroc(raw[well], view[well] == "AP"),
    }


def by_group(found: Sequence[Film], raw: Scores, point: OperatingPoint) -> dict[str, dict[str, float]]:
    """Every source, and the adults by sex and age."""
    source = np.array([film.source for film in found])
    sex = np.array([film.sex for film in found])
    age = np.array([-1 if film.age is None else film.age for film in found])
    adults = source == "adults"
    groups = {name: source == name for name in sorted(set(source.tolist()))}
    groups |= {f"adults_sex_{name.lower()}": adults & (sex == name) for name in ("F", "M")}
    groups |= {"adults_under_50": adults & (age >= 0) & (age < 50), "adults_from_50": adults & (age >= 50)}  # noqa: PLR2004 - years
    truth = np.array([film.positive for film in found])
    return {
        name: {**_area(raw[chosen], truth[chosen]), **at_point(raw[chosen], truth[chosen], point)}
        for name, chosen in groups.items()
        if chosen.any()
    }


def _area(raw: Scores, truth: Truth) -> dict[str, float]:
    return {"auroc": auroc(raw, truth)} if truth.any() and not truth.all() else {}


def at_point(raw: Scores, truth: Truth, point: OperatingPoint) -> dict[str, float]:
    """Sensitivity and specificity at the thresholds; a case between them counts against both."""
    states = [state_of(calibrated(float(value), point), point) for value in raw]
    detected = np.array([state is FindingState.DETECTED for state in states], np.bool_)
    negative = np.array([state is FindingState.NOT_DETECTED for state in states], np.bool_)
    return rates(detected, negative, truth)


def auroc_interval(raw: Scores, truth: Truth, *, seed: int = 7) -> tuple[float, float]:
    """95 % bootstrap interval of the area."""
    up, down = raw[truth], raw[~truth]
    if not up.size or not down.size:
        return float("nan"), float("nan")
    rng = np.random.default_rng(seed)
    values = []
    for _ in range(_TIMES):
        drawn = np.concatenate([rng.choice(up, up.size), rng.choice(down, down.size)])
        values.append(auroc(drawn, np.arange(drawn.size) < up.size))
    low, high = np.percentile(values, [2.5, 97.5])
    return float(low), float(high)


def view_balanced(raw: Scores, truth: Truth, view: NDArray[np.str_]) -> float:
    """The area when, in each class, AP and PA weigh the same: a model that reads the view loses here."""
    names = [name for name in ("AP", "PA") if (truth & (view == name)).any() and (~truth & (view == name)).any()]
    areas = []
    for ill in names:
        for well in names:
            up, down = raw[truth & (view == ill)], raw[~truth & (view == well)]
            areas.append(auroc(np.concatenate([up, down]), np.arange(up.size + down.size) < up.size))
    return float(np.mean(areas)) if areas else float("nan")


def calibration(raw: Scores, truth: Truth, point: OperatingPoint) -> list[dict[str, float]]:
    """Mean score and share of positives in bins of equal size."""
    scores = np.array([calibrated(float(value), point) for value in raw])
    order = np.argsort(scores, kind="stable")
    bins = [part for part in np.array_split(order, _BINS) if part.size]
    return [
        {"score": float(scores[part].mean()), "positive": float(truth[part].mean()), "films": int(part.size)}
        for part in bins
    ]
