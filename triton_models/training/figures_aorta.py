"""Figures of merit of the aorta model: errors of the diameter, finding of aneurysms, growth, bootstrap intervals."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import numpy as np
from numpy.typing import NDArray

from schemas.findings import Finding, FindingState, Outcome
from triton_models.contracts.model import OperatingPoint
from triton_models.evidence.cases import JudgedCase, Label, Truth
from triton_models.phantoms.aneurysm import Shape
from triton_models.postprocessing.aaa_growth import Dated, growth_of
from triton_models.postprocessing.aaa_rules import ANEURYSM_MM
from triton_models.postprocessing.aorta import Measured
from triton_models.prepared import RefusalState
from triton_models.training.cases_aorta import AbdomenCase
from triton_models.training.metrics import auroc, rates
from triton_models.training.real_aorta import RealScan

_RESAMPLES = 1000
_GROWTH_PAIRS = 4000
_Z95 = 1.96
_ASKED_MM = 2.5
_EDGE_MM = 8.0
_STEP_MM = 4.0

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Judged:
    """One case, what was measured in it, and the finding."""

    case: AbdomenCase
    measured: Measured | None
    finding: Finding

    @property
    def error_mm(self) -> float | None:
        """Reported minus true diameter, or None where nothing was measured."""
        found = self.finding.measurement("max_diameter_mm")
        return None if found is None else found.value - self.case.diameter_mm

    @property
    def inside(self) -> bool:
        """The stated 95 % interval holds the true diameter."""
        found = self.finding.measurement("max_diameter_mm")
        return found is not None and (found.low or 0.0) <= self.case.diameter_mm <= (found.high or 0.0)


def kept(name: str, row: Judged, seconds: float) -> JudgedCase:
    """One case for the report, its groups those of ``groups``."""
    named = (group.split(" ", 1) for group in _groups_of(row.case))
    label = Label.POSITIVE if row.case.diameter_mm >= ANEURYSM_MM else Label.NEGATIVE
    truth = Truth(label=label, diameter_mm=round(row.case.diameter_mm, 3), groups=dict(named))
    refusal = row.case.prepared.refusal
    refused = refusal is not None and refusal.state is RefusalState.NOT_APPLICABLE
    outcome = Outcome.not_applicable(refusal.reason) if refusal and refused else Outcome.scored(row.finding)
    return JudgedCase(name=name, truth=truth, outcome=outcome, seconds=seconds)


def figures(rows: Sequence[Judged]) -> dict[str, object]:
    """All figures of one set of cases."""
    truth = np.array([row.case.diameter_mm >= ANEURYSM_MM for row in rows])
    detected = np.array([row.finding.state is FindingState.DETECTED for row in rows])
    negative = np.array([row.finding.state is FindingState.NOT_DETECTED for row in rows])
    scores = np.array([row.finding.score or 0.0 for row in rows])
    counts = rates(detected, negative, truth)
    return {
        "cases": len(rows),
        **counts,
        **{f"sensitivity_30mm{end}": counts[f"sensitivity{end}"] for end in ("", "_low", "_high")},
        "not_flagged": float((~detected[~truth]).mean()) if (~truth).any() else 0.0,
        "auroc": auroc(scores, truth),
        **ends("auroc", _auroc_interval(scores, truth)),
        **errors_of(rows),
        "false_rapid_growth": false_rapid_growth(rows),
        "groups": groups(rows),
    }


def errors_of(rows: Sequence[Judged]) -> dict[str, object]:
    """Errors of the diameter, over all cases in which one was measured."""
    errors = np.array([row.error_mm for row in rows if row.error_mm is not None], np.float64)
    absolute = np.abs(errors)
    if not errors.size:
        return {"not_measured": len(rows), "mean_abs_error_mm": -1.0}
    return {
        "not_measured": len(rows) - errors.size,
        "mean_abs_error_mm": float(absolute.mean()),
        **ends("mean_abs_error_mm", bootstrap(absolute, np.mean)),
        "median_abs_error_mm": float(np.median(absolute)),
        "p95_abs_error_mm": float(np.quantile(absolute, 0.95)),
        "within_2_5_mm": float((absolute <= _ASKED_MM).mean()),
        **ends("within_2_5_mm", bootstrap((absolute <= _ASKED_MM).astype(float), np.mean)),
        "worst_abs_error_mm": float(absolute.max()),
        "bias_mm": float(errors.mean()),
        "inside_interval": float(np.mean([row.inside for row in rows if row.error_mm is not None])),
    }


def ends(name: str, interval: Sequence[float]) -> dict[str, float]:
    """The two ends of an interval under the names of the report; nothing where there is none."""
    return {f"{name}_{end}": value for end, value in zip(("low", "high"), interval, strict=False)}


def groups(rows: Sequence[Judged]) -> dict[str, dict[str, object]]:
    """Errors by obliquity, phase, slice thickness, shape and size."""
    keyed: dict[str, list[Judged]] = {}
    for row in rows:
        for name in _groups_of(row.case):
            keyed.setdefault(name, []).append(row)
    return {name: _short(keyed[name]) for name in sorted(keyed)}


def _groups_of(case: AbdomenCase) -> tuple[str, ...]:
    lean = "0-20" if case.obliquity_deg < 20 else "20-40" if case.obliquity_deg < 40 else "40-60"  # noqa: PLR2004 - bounds of the groups
    size = "<30" if case.diameter_mm < ANEURYSM_MM else "30-55" if case.diameter_mm < 55 else ">=55"  # noqa: PLR2004 - bounds of the groups
    thick = "<=2 mm" if case.acquisition.thickness_mm <= 2 else "2.5-5 mm"  # noqa: PLR2004 - bounds of the groups
    shape = case.aneurysm.shape if case.aneurysm.shape is not Shape.NORMAL else Shape.NORMAL
    return (f"obliquity {lean}", f"size {size}", f"slices {thick}", f"shape {shape}", f"phase {case.torso.phase}")


def _short(rows: Sequence[Judged]) -> dict[str, object]:
    told = errors_of(rows)
    kept = ("mean_abs_error_mm", "within_2_5_mm", "worst_abs_error_mm", "not_measured")
    return {"cases": len(rows)} | {key: told[key] for key in kept if key in told}


def false_rapid_growth(rows: Sequence[Judged]) -> float:
    """Share of unchanged aortas that two scans, 6 or 12 months apart, would call rapidly growing (the worse of both).

    Errors and stated intervals of pairs of cases are put on one true diameter: truth does not grow, only errors differ.
    """
    found = [row.finding.measurement("max_diameter_mm") for row in rows]
    told = [
        (item.value - row.case.diameter_mm, max((item.high or 0.0) - (item.low or 0.0), 0.1) / (2 * _Z95))
        for row, item in zip(rows, found, strict=True)
        if item is not None
    ]
    if len(told) < 2:  # noqa: PLR2004 - no pair
        return 1.0
    return max(_rapid_share(told, months) for months in (6, 12))


def _rapid_share(told: list[tuple[float, float]], months: int) -> float:
    rng = np.random.default_rng(months)
    start = datetime(2024, 1, 1, tzinfo=UTC)
    later = start + timedelta(days=30.4375 * months)
    rapid = 0
    for _ in range(_GROWTH_PAIRS):
        (e0, s0), (e1, s1) = (told[int(i)] for i in rng.choice(len(told), 2, replace=False))
        growth = growth_of([Dated(start, 45.0 + e0, s0), Dated(later, 45.0 + e1, s1)])
        rapid += growth is not None and growth.rapid
    return rapid / _GROWTH_PAIRS


def against_mask(
    scan: RealScan, measured: Measured | None, origin_z_mm: float, point: OperatingPoint
) -> dict[str, object]:
    """Compare the model's diameters with those of the mask, every 4 mm, leaving out the mask's cut ends."""
    mask = scan.mask_sections()
    if mask is None or measured is None:
        return {}
    low, high = scan.masked_z_mm
    heights = np.arange(low + _EDGE_MM, high - _EDGE_MM, _STEP_MM)
    own = measured.sections.course.points_mm[:, 0] + origin_z_mm
    theirs = mask.course.points_mm[:, 0] + scan.volume.origin_lps_mm[2]
    found = np.interp(heights, own, measured.sections.major_mm) - point.bias_mm
    wanted = np.interp(heights, theirs, mask.major_mm)
    return {
        "mask_diameter_mm": float(wanted.max()),
        "diameter_where_masked_mm": float(found.max()),
        "difference_of_largest_mm": float(found.max() - wanted.max()),
        "mean_abs_difference_mm": float(np.abs(found - wanted).mean()),
        "largest_abs_difference_mm": float(np.abs(found - wanted).max()),
    }


def bootstrap(values: Floats, statistic: Callable[[Floats], object]) -> list[float]:
    """95 % percentile interval of a statistic over resampled cases; empty where there are none."""
    if not len(values):
        return []
    rng = np.random.default_rng(61)
    drawn = [float(statistic(values[rng.integers(len(values), size=len(values))])) for _ in range(_RESAMPLES)]  # type: ignore[arg-type]
    return [float(v) for v in np.quantile(drawn, [0.025, 0.975])]


def _auroc_interval(scores: Floats, truth: NDArray[np.bool_]) -> list[float]:
    rng = np.random.default_rng(67)
    up, down = np.flatnonzero(truth), np.flatnonzero(~truth)
    if not (len(up) and len(down)):
        return []
    drawn = []
    for _ in range(_RESAMPLES):
        chosen = np.concatenate([rng.choice(up, len(up)), rng.choice(down, len(down))])
        drawn.append(auroc(scores[chosen], truth[chosen]))
    return [float(v) for v in np.quantile(drawn, [0.025, 0.975])]
