"""The text of a page: what was found, on which case, how long ago, how to answer. Never who.

Who calls it: ``alerting.core.planning``, and ``alerting.core.speech`` for the closed tables. Every word comes from
these tables, from numbers, or from the case code; free text of a finding is never used, so that patient data cannot
slip in. The result is one GSM-7 segment.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime

from alerting.core.gsm7 import SEGMENT_SEPTETS
from schemas.findings import Finding, Side, Urgency

DISCLAIMER = "AI research software, not a diagnosis."
_FINDINGS = {"lvo": "LVO suspected", "aaa": "AAA suspected", "pneumonia": "Pneumonia suspected"}
_OTHER_FINDING = "Finding suspected"
_URGENCIES = {Urgency.EMERGENCY: "EMERGENCY", Urgency.URGENT: "URGENT"}
_SIDES = {Side.LEFT: "left", Side.RIGHT: "right"}
_SEGMENTS = (
    "ICA", "ICA-T", "M1", "M2", "M3", "A1", "A2", "P1", "P2", "basilar", "vertebral",
    "infrarenal", "juxtarenal", "suprarenal", "thoracic", "iliac",
    "upper zone", "middle zone", "lower zone",
)  # fmt: skip
_SEGMENT_WORDS = {word.lower(): word for word in _SEGMENTS}
_SITE = re.compile(r"[^A-Za-z0-9-]")
_SITE_LENGTH = 10
_MINUTES_SHOWN = 600
_DIAMETER_LIMIT_MM = 200
_MARKER = re.compile(r"#[2-9A-Z]{4}-[A-Z]{1,4}\d{1,2}")


@dataclass(frozen=True, slots=True, kw_only=True)
class CaseFacts:
    """What the text may say of a case: its code, its site, and when the scan was taken or arrived (aware UTC)."""

    reference: str
    arrived_at: datetime
    acquired_at: datetime | None = None
    site: str = ""


def marker_of(reference: str, code: str, step: int) -> str:
    """The mark by which the provider's list is searched: one per case, finding and step, for example ``#K7FQ-LVO0``."""
    letters = re.sub(r"[^A-Z]", "", code.upper())[:4] or "X"
    return f"#{reference}-{letters}{step % 100}"


def marker_in(body: str) -> str | None:
    """The mark of a page's text, or None where it has none."""
    found = _MARKER.findall(body)
    return found[-1] if found else None


def page_text(finding: Finding, case: CaseFacts, *, step: int, now: datetime) -> str:
    """Write a page; at most 160 septets, details that do not fit are left out, the last first."""
    marker = marker_of(case.reference, finding.code, step)
    tail = f" Reply 1 {case.reference} = I take it. {DISCLAIMER} {marker}"
    head = f"{_opening(finding)}: {_FINDINGS.get(finding.code, _OTHER_FINDING)}"
    texts = [
        f"{head}{details}. Case {case.reference}{site}, {_age(case, now)}.{tail}"
        for details in _shorter_and_shorter(_details(finding))
        for site in (_site(case.site), "")
    ]
    return next((text for text in texts if len(text) <= SEGMENT_SEPTETS), texts[-1])


def side_word(finding: Finding) -> str:
    """The patient's side in words, empty where the finding has none."""
    return _SIDES.get(finding.location.side, "")


def segment_word(finding: Finding) -> str:
    """The segment as the closed vocabulary writes it, empty where it is not in there."""
    return _SEGMENT_WORDS.get(finding.location.segment.lower(), "")


def diameter_mm(finding: Finding) -> float | None:
    """The largest diameter among the measurements, None where there is no credible one."""
    sizes = [m.value for m in finding.measurements if m.unit == "mm" and "diameter" in m.name]
    largest = max(sizes, default=0.0)
    return largest if 0 < largest < _DIAMETER_LIMIT_MM else None


def minutes_waited(case: CaseFacts, now: datetime) -> int | None:
    """Whole minutes since the scan, or since its arrival where that is unknown; None beyond ten hours."""
    minutes = max(0, int((now - (case.acquired_at or case.arrived_at)).total_seconds() // 60))
    return minutes if minutes <= _MINUTES_SHOWN else None


def _opening(finding: Finding) -> str:
    word = _URGENCIES.get(finding.urgency)
    return f"CODESTROKE {word}" if word else "CODESTROKE"


def _details(finding: Finding) -> list[str]:
    place = " ".join(word for word in (side_word(finding), segment_word(finding)) if word)
    size = diameter_mm(finding)
    return [text for text in (place, f"{size:.0f} mm" if size else "") if text]


def _shorter_and_shorter(details: list[str]) -> list[str]:
    return ["".join(f", {text}" for text in details[:count]) for count in range(len(details), -1, -1)]


def _site(site: str) -> str:
    name = _SITE.sub("", site)[:_SITE_LENGTH]
    return f" at {name}" if name else ""


def _age(case: CaseFacts, now: datetime) -> str:
    word, minutes = "scan" if case.acquired_at else "arrival", minutes_waited(case, now)
    return f"over 10 h since {word}" if minutes is None else f"{minutes} min since {word}"
