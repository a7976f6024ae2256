"""Which series of a study a pathway reads, by a rule, with the reason for the choice and for each refusal.

Pure: the analyser calls ``choose_series`` with what the gateway told of the study and the pathway's rule. It knows
no pathway; the rules themselves stand in ``streams/pathways``.
"""

from __future__ import annotations

import enum
import re
from collections import Counter
from dataclasses import dataclass, field

from schemas.errors import UnsuitableSeries
from schemas.events import SeriesSummary, StudyArrived
from schemas.ids import SeriesUid, is_uid


class Refused(enum.StrEnum):
    """Why a series was not taken."""

    MODALITY = "modality"
    SOP_CLASS = "sop class"
    LOCALIZER = "localizer or derived image type"
    WORDS = "description names another reconstruction"
    BODY_PART = "body part"
    VIEW = "view position"
    TOO_FEW = "too few instances"
    TOO_MANY = "too many instances"
    TOO_THICK = "slices too thick"
    SYNTAX = "transfer syntax cannot be decoded"
    BAD_UID = "series uid is not valid"


_NOT_PRIMARY = frozenset(
    {"LOCALIZER", "MIP", "MINIP", "MPR", "PROJECTION IMAGE", "DERIVED", "SECONDARY", "SCREEN SAVE"}
)
_THICK_STEP_MM = 0.25


@dataclass(frozen=True, slots=True)
class SeriesRule:
    """What a pathway wants of a series. Words are matched in the upper-cased series description.

    A refused word must begin a word there: Philips' "iDose" is a reconstruction and no dose report.

    ``image_types`` are values of Image Type (PS3.3 C.7.6.1.1.2 and C.8.2.1.1.1) that refuse a series. Empty
    ``body_parts``, ``views`` or ``sop_classes`` accept all; a series that states none is accepted too: many do not.
    """

    name: str
    modalities: frozenset[str]
    min_instances: int = 1
    max_instances: int = 5000
    max_thickness_mm: float | None = None
    wanted_words: tuple[str, ...] = ()
    refused_words: tuple[str, ...] = ()
    refused_image_types: frozenset[str] = _NOT_PRIMARY
    body_parts: frozenset[str] = frozenset()
    views: frozenset[str] = frozenset()
    sop_classes: frozenset[str] = frozenset()
    decodable: frozenset[str] = frozenset()
    """Transfer syntaxes that can be decoded; empty leaves that to the decoder."""
    prefer_contrast: bool = False


@dataclass(frozen=True, slots=True)
class Choice:
    """The chosen series, and why it and not another; ``reason`` names no UID and no description."""

    series_uid: SeriesUid
    reason: str
    instances: int
    refused: dict[Refused, int] = field(default_factory=dict)


def choose_series(study: StudyArrived, rule: SeriesRule) -> Choice:
    """Choose the series of ``study`` that fits ``rule`` best.

    Among those that fit: wanted words, then contrast, then thinner slices, then more instances, then the lower UID,
    so that the order in which series arrived does not matter.

    Raises:
        UnsuitableSeries: none fits; the message counts every reason.
    """
    verdicts = [(series, refusal(series, rule)) for series in study.series]
    refused = Counter(verdict for _, verdict in verdicts if verdict is not None)
    fitting = [series for series, verdict in verdicts if verdict is None]
    counted = ", ".join(f"{reason.value} ({count})" for reason, count in sorted(refused.items()))
    if not fitting:
        raise UnsuitableSeries(
            f"no series fits {rule.name}: {counted or 'the study has no series'}", reason="no_series"
        )
    best = min(fitting, key=lambda series: _order(series, rule))
    reason = f"{_merits(best, rule)}; best of {len(fitting)}" + (f"; refused: {counted}" if counted else "")
    return Choice(SeriesUid(best.series_uid), reason, best.instances, dict(refused))


def refusal(series: SeriesSummary, rule: SeriesRule) -> Refused | None:
    """Say why ``series`` does not fit ``rule``, or None where it does; the first reason in the order of ``Refused``."""
    words = series.description.upper()
    image_types = {part.upper() for part in series.image_type}
    thick = series.slice_thickness_mm
    checks = (
        (Refused.MODALITY, series.modality not in rule.modalities),
        (Refused.SOP_CLASS, _outside(series.sop_class_uid, rule.sop_classes)),
        (Refused.LOCALIZER, bool(image_types & rule.refused_image_types)),
        (Refused.WORDS, any(word.startswith(rule.refused_words) for word in re.split(r"[^A-Z0-9]+", words))),
        (Refused.BODY_PART, _outside(series.body_part.upper(), rule.body_parts)),
        (Refused.VIEW, _outside(series.view_position.upper(), rule.views)),
        (Refused.TOO_FEW, series.instances < rule.min_instances),
        (Refused.TOO_MANY, series.instances > rule.max_instances),
        (Refused.TOO_THICK, None not in (thick, rule.max_thickness_mm) and (thick or 0) > (rule.max_thickness_mm or 0)),
        (Refused.SYNTAX, _outside(series.transfer_syntax_uid, rule.decodable)),
        (Refused.BAD_UID, not is_uid(series.series_uid)),
    )
    return next((reason for reason, broken in checks if broken), None)


def _outside(value: str, allowed: frozenset[str]) -> bool:
    return bool(value) and bool(allowed) and value not in allowed


def _order(series: SeriesSummary, rule: SeriesRule) -> tuple[int, bool, float, int, str]:
    thickness = series.slice_thickness_mm or rule.max_thickness_mm or 0.0
    steps = round(thickness / _THICK_STEP_MM)
    contrast = rule.prefer_contrast and not series.contrast_agent
    return -_matches(series, rule), contrast, steps, -series.instances, series.series_uid


def _matches(series: SeriesSummary, rule: SeriesRule) -> int:
    words = series.description.upper()
    return sum(word in words for word in rule.wanted_words)


def _merits(series: SeriesSummary, rule: SeriesRule) -> str:
    parts = [f"{series.instances} instances"]
    if series.slice_thickness_mm:
        parts.append(f"{series.slice_thickness_mm:g} mm")
    if series.contrast_agent:
        parts.append("contrast agent")
    if _matches(series, rule):
        parts.append("wanted words: " + ", ".join(w for w in rule.wanted_words if w in series.description.upper()))
    return ", ".join(parts)
