"""How soon an abdominal aortic aneurysm must be acted on: three guidelines as versioned data.

Read by ``postprocessing.aorta``. Growth is judged in ``postprocessing.aaa_growth`` by the rule that stands here.
"""

from __future__ import annotations

import enum
from dataclasses import dataclass

from schemas.findings import Urgency

# An abdominal aorta of 30 mm or more is an aneurysm (ESC 2024, ACC/AHA 2022, SVS 2018).
ANEURYSM_MM = 30.0
# A saccular aneurysm is considered for repair from here on (FIELD.md d; the guidelines name no agreed size).
SACCULAR_MM = 45.0
# Smaller aneurysms hardly ever rupture: dense tissue beside them is something else.
LEAST_BLEEDING_MM = 40.0


class Guideline(enum.StrEnum):
    """Which guideline's numbers are used; named in every output."""

    ESC_2024 = "ESC 2024"
    ACC_AHA_2022 = "ACC/AHA 2022"
    SVS_2018 = "SVS 2018"


RULE_SET = Guideline.ESC_2024


@dataclass(frozen=True, slots=True)
class Threshold:
    """From ``from_mm`` on, for this sex (``F``, ``M`` or empty for not known), act with ``urgency``.

    Attributes:
        months: when to look again where nothing has to be done before; None where repair is to be considered.
    """

    from_mm: float
    sex: str
    urgency: Urgency
    why: str
    months: int | None = None


_REPAIR = "at or above the repair threshold"
_REPAIR_F = "at or above the repair threshold for women"
_BELOW = "aneurysm below the repair threshold"
# 70 mm: yearly rupture risk about one in three (Annals of Internal Medicine, see FIELD.md d); the same in all tables.
_RISK = Threshold(70.0, "", Urgency.EMERGENCY, "diameter with a high risk of rupture")

# Highest first; the first row that applies decides.
THRESHOLDS: dict[Guideline, tuple[Threshold, ...]] = {
    # Repair from 55 mm in men and 50 mm in women; looked at again after 3 years from 30 mm, after 12 months from 40 mm,
    # after 6 months from 50 mm in men and 45 mm in women.
    Guideline.ESC_2024: (
        _RISK,
        Threshold(55.0, "", Urgency.URGENT, _REPAIR),
        Threshold(50.0, "F", Urgency.URGENT, _REPAIR_F),
        Threshold(50.0, "", Urgency.ROUTINE, _BELOW, 6),
        Threshold(45.0, "F", Urgency.ROUTINE, _BELOW, 6),
        Threshold(40.0, "", Urgency.ROUTINE, _BELOW, 12),
        Threshold(ANEURYSM_MM, "", Urgency.ROUTINE, _BELOW, 36),
    ),
    # Repair from 55 mm in men and 50 mm in women; 2–3 years below 40 mm, 6–12 months from 40 mm, 6 months from 50 mm in
    # men and 45 mm in women. Of a range the shorter time stands here.
    Guideline.ACC_AHA_2022: (
        _RISK,
        Threshold(55.0, "", Urgency.URGENT, _REPAIR),
        Threshold(50.0, "F", Urgency.URGENT, _REPAIR_F),
        Threshold(50.0, "", Urgency.ROUTINE, _BELOW, 6),
        Threshold(45.0, "F", Urgency.ROUTINE, _BELOW, 6),
        Threshold(40.0, "", Urgency.ROUTINE, _BELOW, 6),
        Threshold(ANEURYSM_MM, "", Urgency.ROUTINE, _BELOW, 24),
    ),
    # Repair from 55 mm; 3 years from 30 mm, 12 months from 40 mm, 6 months from 50 mm.
    Guideline.SVS_2018: (
        _RISK,
        Threshold(55.0, "", Urgency.URGENT, _REPAIR),
        Threshold(50.0, "", Urgency.ROUTINE, _BELOW, 6),
        Threshold(40.0, "", Urgency.ROUTINE, _BELOW, 12),
        Threshold(ANEURYSM_MM, "", Urgency.ROUTINE, _BELOW, 36),
    ),
}


@dataclass(frozen=True, slots=True)
class GrowthRule:
    """Growth of ``mm`` within ``days`` is rapid."""

    mm: float
    days: float

    @property
    def mm_per_year(self) -> float:
        """The same as a rate."""
        return self.mm / self.days * 365.25


# 5 mm in 6 months (RadElement RDES264, "Growth of AAA") or 10 mm in a year: the same rate, over different times.
RAPID_GROWTH = (GrowthRule(5.0, 182.625), GrowthRule(10.0, 365.25))


def threshold_for(diameter_mm: float, sex: str = "", guideline: Guideline = RULE_SET) -> Threshold | None:
    """Find the row that applies, or None below aneurysm size. ``sex`` is Patient's Sex (PS3.3 C.7.1.1)."""
    rows = (row for row in THRESHOLDS[guideline] if row.sex in ("", sex.strip().upper()))
    return next((row for row in rows if diameter_mm >= row.from_mm), None)
