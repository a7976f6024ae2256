"""The aorta pathway: abdominal aortic aneurysm (AAA) on abdominal CT, with or without contrast.

Pages the vascular team at or above the repair threshold, or with signs of rupture risk; smaller ones only re-rank.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta

from schemas.events import StudyArrived
from schemas.findings import Finding, FindingState, Urgency
from schemas.priorities import Lane
from streams.core.eligibility import Eligibility, RegionRule, judge
from streams.dicom.choice import SeriesRule
from streams.pathways.aorta.following import MEASUREMENT, follow
from streams.pathways.base import Alert, Pathway, Patient
from triton_models.contracts import ModelContract
from triton_models.explanation.aorta import key_image
from triton_models.postprocessing import aorta as reading
from triton_models.prepared import Prepared, Tensor
from triton_models.preprocessing import aorta as preparing

_REGION = RegionRule(
    modalities=frozenset({"CT"}),
    wanted=(
        "ABDOMEN",
        "ABD",
        "PELVIS",
        "AORTA",
        "ABDOMENPELVIS",
        "CHESTABDOMEN",
        "CHESTABDPELVIS",
        "KIDNEY",
        "LIVER",
        "TRUNK",
    ),
    others=(
        "HEAD",
        "BRAIN",
        "SKULL",
        "HEADNECK",
        "NECK",
        "CHEST",
        "THORAX",
        "SPINE",
        "KNEE",
        "HIP",
        "SHOULDER",
        "ANKLE",
    ),
)

_SERIES = SeriesRule(
    name="aorta",
    modalities=frozenset({"CT"}),
    min_instances=1,
    max_thickness_mm=6.0,
    wanted_words=("AORTA", "CTA", "ANGIO", "ARTERIAL", "ABDOMEN"),
    refused_words=("SCOUT", "TOPOGRAM", "MIP", "DOSE", "LUNG", "BONE"),
    prefer_contrast=True,
)


def _eligible(study: StudyArrived) -> Eligibility:
    return judge(study, _REGION)


def _read(outputs: Mapping[str, Tensor], prepared: Prepared, contract: ModelContract, patient: Patient) -> Finding:
    return reading.read(outputs, prepared, contract, sex=patient.sex)


def _alert(finding: Finding) -> Alert | None:
    grave = finding.urgency in (Urgency.EMERGENCY, Urgency.URGENT)
    return Alert("vascular") if finding.state is FindingState.DETECTED and grave else None


PATHWAY = Pathway(
    name="aorta",
    title="Abdominal aortic aneurysm",
    budget=timedelta(minutes=5),
    default_lane=Lane.ROUTINE,
    eligible=_eligible,
    series=_SERIES,
    model=preparing.MODEL,
    grid=preparing.GRID,
    prepare=preparing.prepare,
    read=_read,
    alert=_alert,
    explain=key_image,
    follow=(MEASUREMENT, follow),
)
