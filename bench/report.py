"""Printing of benchmark results: lines for people, then one JSON document as the last line."""

from __future__ import annotations

import json
import statistics
from collections.abc import Mapping, Sequence


def percentiles(values: Sequence[float], *, digits: int = 3) -> dict[str, float]:
    """Median, 95th percentile (nearest rank) and maximum of ``values``."""
    ordered = sorted(values)
    if not ordered:
        return {"p50": float("nan"), "p95": float("nan"), "max": float("nan")}
    rank95 = min(len(ordered) - 1, max(0, round(0.95 * len(ordered) + 0.5) - 1))
    return {
        "p50": round(statistics.median(ordered), digits),
        "p95": round(ordered[rank95], digits),
        "max": round(ordered[-1], digits),
    }


def show(report: Mapping[str, object], *, quiet: bool) -> None:
    """Print the report."""
    if not quiet:
        for key, value in report.items():
            print(f"{key:>36}  {value}")
    print(json.dumps(report, default=str))
