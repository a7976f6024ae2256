"""Words that tell which body region a study shows. Pure; used by the pathways' eligibility rules.

A study that names no region is looked at rather than ignored: preprocessing recognises a foreign region, a silent skip
would not.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from schemas.events import StudyArrived


@dataclass(frozen=True, slots=True)
class Eligibility:
    """Whether a pathway must give an outcome for a study, and why."""

    eligible: bool
    reason: str


@dataclass(frozen=True, slots=True)
class RegionRule:
    """Modalities a pathway reads and the region words it wants; ``others`` are regions that speak against it.

    ``any_region`` modalities stand for the region by themselves.
    """

    modalities: frozenset[str]
    wanted: tuple[str, ...]
    others: tuple[str, ...]


def judge(study: StudyArrived, rule: RegionRule) -> Eligibility:
    """Judge a study by modality first, then by the words of its body part and descriptions."""
    modalities = {series.modality for series in study.series} | {study.modality}
    if not modalities & rule.modalities:
        return Eligibility(False, f"modality {_listed(modalities)} is not read by this pathway")
    words = _words(study)
    wanted = [word for word in rule.wanted if word in words]
    if wanted:
        return Eligibility(True, f"{study.modality}, {wanted[0].lower()}")
    others = [word for word in rule.others if word in words]
    if others:
        return Eligibility(False, f"body region {others[0].lower()}")
    return Eligibility(True, "body region not stated")


def _words(study: StudyArrived) -> frozenset[str]:
    texts = [study.body_part, study.description]
    for series in study.series:
        texts += [series.body_part, series.description]
    return frozenset(word for text in texts for word in re.split(r"[^A-Z0-9]+", text.upper()) if word)


def _listed(modalities: set[str]) -> str:
    return ", ".join(sorted(word for word in modalities if re.fullmatch(r"[A-Z]{2,4}", word))) or "unknown"
