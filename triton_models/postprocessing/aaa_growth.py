"""Growth of an aorta from dated diameters: a rate with its 95 % interval, and whether it is rapid beyond doubt.

Called where earlier diameters of the same patient are known. Pure; never reads the clock or the store.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

import msgspec

from schemas.findings import Finding, FindingState, Measurement, Urgency
from triton_models.postprocessing.aaa_rules import RAPID_GROWTH

# Two scans closer than this cannot tell growth from the error of measuring.
LEAST_DAYS = 30.0
_Z95 = 1.96
_YEAR_DAYS = 365.25


@dataclass(frozen=True, slots=True)
class Dated:
    """A diameter, the standard error of its measurement, and when the images were taken (aware UTC)."""

    taken_at: datetime
    diameter_mm: float
    sigma_mm: float


@dataclass(frozen=True, slots=True)
class Growth:
    """Growth in mm a year, its 95 % interval, the years between first and last scan, and the verdict."""

    mm_per_year: float
    low: float
    high: float
    years: float
    rapid: bool


def growth_of(diameters: Sequence[Dated]) -> Growth | None:
    """Fit a straight line through the diameters, weighted by their errors.

    Rapid only when the lower bound of the rate passes the rule (``RAPID_GROWTH``): two measurements of an unchanged
    aorta must not differ by chance into an alarm.

    Returns:
        None with fewer than two diameters, or when all were taken within ``LEAST_DAYS``.
    """
    if len(diameters) < 2:  # noqa: PLR2004 - a line needs two points
        return None
    days = [(d.taken_at - diameters[0].taken_at).total_seconds() / 86_400 for d in diameters]
    span = max(days) - min(days)
    if span < LEAST_DAYS:
        return None
    weights = [1.0 / max(d.sigma_mm, 1e-3) ** 2 for d in diameters]
    total = sum(weights)
    middle = sum(w * t for w, t in zip(weights, days, strict=True)) / total
    spread = sum(w * (t - middle) ** 2 for w, t in zip(weights, days, strict=True))
    slope = sum(w * (t - middle) * d.diameter_mm for w, t, d in zip(weights, days, diameters, strict=True)) / spread
    rate, half = slope * _YEAR_DAYS, _Z95 * _YEAR_DAYS / math.sqrt(spread)
    rapid = rate - half >= min(rule.mm_per_year for rule in RAPID_GROWTH)
    return Growth(rate, rate - half, rate + half, span / _YEAR_DAYS, rapid)


def with_growth(finding: Finding, earlier: Sequence[Dated], taken_at: datetime) -> Finding:
    """Add growth against earlier diameters of the same patient; rapid growth is urgent.

    Args:
        finding: of this study; returned as it is when it has no diameter or no growth can be told.
        earlier: dated diameters, in any order.
        taken_at: when this study's images were taken (aware UTC).
    """
    now = finding.measurement("max_diameter_mm")
    if now is None or now.low is None or now.high is None:
        return finding
    today = Dated(taken_at, now.value, max(now.high - now.low, 0.1) / (2 * _Z95))
    growth = growth_of(sorted((*earlier, today), key=lambda d: d.taken_at))
    if growth is None:
        return finding
    rate = Measurement(
        name="growth_mm_per_year", value=round(growth.mm_per_year, 1), unit="mm/a", low=round(growth.low, 1),
        high=round(growth.high, 1), method=f"line through {len(earlier) + 1} diameters",
    )  # fmt: skip
    changed = msgspec.structs.replace(finding, measurements=(*finding.measurements, rate))
    if not (growth.rapid and finding.state is FindingState.DETECTED):
        return changed
    grave = finding.urgency if finding.urgency is Urgency.EMERGENCY else Urgency.URGENT
    reason = f"{finding.reason}; growing by {growth.mm_per_year:.0f} mm a year ({growth.low:.0f} to {growth.high:.0f})"
    return msgspec.structs.replace(changed, urgency=grave, reason=reason)
