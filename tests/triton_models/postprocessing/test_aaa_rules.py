"""Every boundary of the three guidelines."""

from __future__ import annotations

import pytest

from schemas.findings import Urgency
from triton_models.postprocessing.aaa_rules import THRESHOLDS, Guideline, threshold_for

ESC, ACC, SVS = Guideline.ESC_2024, Guideline.ACC_AHA_2022, Guideline.SVS_2018


@pytest.mark.parametrize("guideline", list(Guideline))
@pytest.mark.parametrize(("diameter", "urgency"), [(29.9, None), (30.0, Urgency.ROUTINE), (54.9, Urgency.ROUTINE),
                                                   (55.0, Urgency.URGENT), (69.9, Urgency.URGENT),
                                                   (70.0, Urgency.EMERGENCY)])  # fmt: skip
def test_boundaries_that_all_share(guideline: Guideline, diameter: float, urgency: Urgency | None) -> None:
    row = threshold_for(diameter, "", guideline)
    assert (row.urgency if row else None) == urgency


@pytest.mark.parametrize(
    ("guideline", "diameter", "sex", "urgency", "months"),
    [
        (ESC, 49.9, "F", Urgency.ROUTINE, 6),
        (ESC, 50.0, "F", Urgency.URGENT, None),
        (ESC, 50.0, "M", Urgency.ROUTINE, 6),
        (ESC, 45.0, "F", Urgency.ROUTINE, 6),
        (ESC, 45.0, "M", Urgency.ROUTINE, 12),
        (ESC, 39.9, "M", Urgency.ROUTINE, 36),
        (ACC, 50.0, "f", Urgency.URGENT, None),
        (ACC, 39.9, "", Urgency.ROUTINE, 24),
        (SVS, 50.0, "F", Urgency.ROUTINE, 6),
        (SVS, 40.0, "M", Urgency.ROUTINE, 12),
    ],
)
def test_boundaries_of_one_guideline(
    guideline: Guideline, diameter: float, sex: str, urgency: Urgency, months: int | None
) -> None:
    row = threshold_for(diameter, sex, guideline)
    assert row is not None
    assert (row.urgency, row.months) == (urgency, months)


@pytest.mark.parametrize("guideline", list(Guideline))
def test_rows_stand_from_high_to_low(guideline: Guideline) -> None:
    sizes = [row.from_mm for row in THRESHOLDS[guideline]]
    assert sizes == sorted(sizes, reverse=True)
