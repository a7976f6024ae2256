"""The aorta pathway's memory: earlier diameters of the same patient turn a finding into one that knows its growth."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from schemas.findings import Finding
from store.measurements import Measured
from triton_models.postprocessing.aaa_growth import Dated, with_growth

MEASUREMENT = "max_diameter_mm"
_Z95 = 1.96


def follow(finding: Finding, earlier: Sequence[Measured], taken_at: datetime) -> Finding:
    """Add growth against earlier diameters; those without an interval of their own are left out."""
    return with_growth(finding, [dated for dated in map(_dated, earlier) if dated is not None], taken_at)


def _dated(item: Measured) -> Dated | None:
    if item.low is None or item.high is None or item.high <= item.low:
        return None
    return Dated(item.measured_at, item.value, (item.high - item.low) / (2 * _Z95))
