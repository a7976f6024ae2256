"""The stroke pathway: large-vessel occlusion (LVO) on CT angiography of the head pages the stroke team.

Budget: a CTA should be read within 10 minutes of acquisition (SNIS); the page must have gone long before, so the
pathway gives itself 60 s from the last slice.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta

from schemas.events import StudyArrived
from schemas.findings import Finding, FindingState
from schemas.priorities import Lane
from streams.core.eligibility import Eligibility, RegionRule, judge
from streams.dicom.choice import Refused, SeriesRule, refusal
from streams.pathways.base import Alert, Pathway, Patient
from triton_models.contracts import ModelContract
from triton_models.explanation import stroke as drawing
from triton_models.postprocessing import stroke as reading
from triton_models.prepared import Prepared, Refusal, RefusalState, Tensor
from triton_models.preprocessing import stroke as preparing

_REGION = RegionRule(
    modalities=frozenset({"CT"}),
    wanted=("HEAD", "BRAIN", "SKULL", "HEADNECK", "NECK", "STROKE", "CEREBRAL", "CAROTID", "INTRACRANIAL", "SCHAEDEL"),
    others=(
        "ABDOMEN",
        "ABD",
        "PELVIS",
        "ABDOMENPELVIS",
        "CHESTABDOMEN",
        "CHESTABDPELVIS",
        "CHEST",
        "THORAX",
        "LUNG",
        "AORTA",
        "SPINE",
        "LSPINE",
        "TSPINE",
        "LIVER",
        "KIDNEY",
        "KNEE",
        "HIP",
        "SHOULDER",
        "ANKLE",
        "HAND",
        "FOOT",
    ),
)

_ANGIOGRAPHY = ("CTA", "ANGIO", "ARTERIAL", "COW", "WILLIS", "CAROTID")
_SERIES = SeriesRule(
    name="stroke",
    modalities=frozenset({"CT"}),
    min_instances=1,
    max_thickness_mm=3.0,
    wanted_words=_ANGIOGRAPHY,
    refused_words=("SCOUT", "TOPOGRAM", "PERFUSION", "MIP", "VENOUS", "DOSE"),
    prefer_contrast=True,
)


_NO_CONTRAST = "no contrast: no series names a contrast agent or an angiography, and all are thicker than 3 mm"


def _without_series(study: StudyArrived) -> Refusal | None:
    """A plain head in thick slices, which most heads are: nothing in it could be read for an occlusion."""
    refusals = [refusal(series, _SERIES) for series in study.series]
    thick = [s for s, why in zip(study.series, refusals, strict=True) if why is Refused.TOO_THICK]
    angiography = any(word in f"{study.description} {s.description}".upper() for s in thick for word in _ANGIOGRAPHY)
    plain = thick and not angiography and not any(s.contrast_agent for s in thick)
    return Refusal(RefusalState.INDETERMINATE, _NO_CONTRAST) if plain else None


def _eligible(study: StudyArrived) -> Eligibility:
    return judge(study, _REGION)


def _read(outputs: Mapping[str, Tensor], prepared: Prepared, contract: ModelContract, patient: Patient) -> Finding:
    del patient  # an occlusion is one in anybody
    return reading.read(outputs, prepared, contract)


def _alert(finding: Finding) -> Alert | None:
    return Alert("stroke") if finding.state is FindingState.DETECTED else None


PATHWAY = Pathway(
    name="stroke",
    title="Large-vessel occlusion",
    budget=timedelta(seconds=60),
    default_lane=Lane.URGENT,
    eligible=_eligible,
    without_series=_without_series,
    series=_SERIES,
    model=preparing.MODEL,
    grid=preparing.GRID,
    prepare=preparing.prepare,
    read=_read,
    alert=_alert,
    explain=drawing.key_image,
)
