"""Earlier diameters of a patient turn a finding into one that knows its growth."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from schemas.findings import Finding, FindingState, Measurement, Urgency
from store.measurements import Measured
from streams.pathways.aorta.following import follow

NOW = datetime(2026, 3, 1, tzinfo=UTC)


def finding(diameter: float = 45.0) -> Finding:
    size = Measurement(name="max_diameter_mm", value=diameter, unit="mm", low=diameter - 1.5, high=diameter + 1.5)
    return Finding(code="aaa", state=FindingState.DETECTED, measurements=(size,), reason="45 mm")


def earlier(diameter: float, days: int, half: float | None = 1.5) -> Measured:
    low, high = (None, None) if half is None else (diameter - half, diameter + half)
    return Measured(
        case_id=f"c{days}", name="max_diameter_mm", value=diameter, low=low, high=high, unit="mm", method="",
        measured_at=NOW - timedelta(days=days),
    )  # fmt: skip


def test_slow_growth_is_told_and_changes_no_urgency() -> None:
    told = follow(finding(), [earlier(42.0, 365)], NOW)
    rate = told.measurement("growth_mm_per_year")
    assert rate is not None
    assert rate.value == pytest.approx(3.0, abs=0.05)
    assert rate.low is not None
    assert rate.low < 1.0
    assert told.urgency is Urgency.ROUTINE


def test_growth_beyond_doubt_is_urgent_and_says_how_fast() -> None:
    told = follow(finding(), [earlier(30.0, 365)], NOW)
    assert told.urgency is Urgency.URGENT
    assert "growing by 15 mm a year" in told.reason


@pytest.mark.parametrize("known", [[], [earlier(30.0, 365, half=None)], [earlier(30.0, 10)]])
def test_nothing_is_added_without_a_usable_earlier_diameter(known: list[Measured]) -> None:
    assert follow(finding(), known, NOW) == finding()
