"""How soon an abdominal aortic aneurysm must be acted on, as data with its guideline.

Read by ``postprocessing.aorta``. Growth against earlier measurements is not decided here.
"""

from __future__ import annotations

from dataclasses import dataclass

from schemas.findings import Urgency

RULE_SET = "ESC 2024"
# An abdominal aorta of 30 mm or more is an aneurysm (ESC 2024, SVS 2018).
ANEURYSM_MM = 30.0


@dataclass(frozen=True, slots=True)
class Threshold:
    """From ``from_mm`` on, for this sex (``F``, ``M`` or empty for not known), act with ``urgency``."""

    from_mm: float
    sex: str
    urgency: Urgency
    why: str


# Highest first; the first row that applies decides. 70 mm: yearly rupture risk about one in three (FIELD.md d).
# Repair from 55 mm in men and 50 mm in women (ESC 2024; SVS 2018 gives 55 mm for fusiform aneurysms).
THRESHOLDS = (
    Threshold(70.0, "", Urgency.EMERGENCY, "diameter with a high risk of rupture"),
    Threshold(55.0, "", Urgency.URGENT, "at or above the repair threshold"),
    Threshold(50.0, "F", Urgency.URGENT, "at or above the repair threshold for women"),
    Threshold(ANEURYSM_MM, "", Urgency.ROUTINE, "aneurysm below the repair threshold"),
)


def threshold_for(diameter_mm: float, sex: str = "") -> Threshold | None:
    """Find the row that applies, or None below aneurysm size. ``sex`` is Patient's Sex (PS3.3 C.7.1.1)."""
    rows = (row for row in THRESHOLDS if row.sex in ("", sex.strip().upper()))
    return next((row for row in rows if diameter_mm >= row.from_mm), None)
