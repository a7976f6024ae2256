"""The chest pathway: pneumonia on frontal chest X-rays re-ranks the reading list and never pages.

No pneumonia triage product was found that is cleared to alert (FDA CADt clearances are for other findings); all are
passive, and so is this.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta

from schemas.events import StudyArrived
from schemas.findings import Finding
from schemas.priorities import Lane
from streams.core.eligibility import Eligibility, RegionRule, judge
from streams.dicom.choice import Refused, SeriesRule, refusal
from streams.pathways.base import Pathway, Patient, never
from triton_models.contracts import ModelContract
from triton_models.explanation import chest as explaining
from triton_models.postprocessing import chest as reading
from triton_models.prepared import Prepared, Refusal, RefusalState, Tensor
from triton_models.preprocessing import chest as preparing

_REGION = RegionRule(
    modalities=frozenset({"CR", "DX"}),
    wanted=("CHEST", "THORAX", "LUNG", "CXR"),
    others=(
        "ABDOMEN",
        "PELVIS",
        "HAND",
        "WRIST",
        "FOOT",
        "ANKLE",
        "KNEE",
        "HIP",
        "SHOULDER",
        "ELBOW",
        "SPINE",
        "SKULL",
        "HEAD",
    ),
)

_SERIES = SeriesRule(
    name="chest",
    modalities=frozenset({"CR", "DX"}),
    wanted_words=("PA", "AP", "CHEST"),
    refused_words=("LATERAL", "LAT"),
    refused_image_types=frozenset({"LOCALIZER", "SCREEN SAVE"}),
    views=frozenset({"AP", "PA"}),
)


def _without_series(study: StudyArrived) -> Refusal | None:
    """Only lateral films: there is nothing to say about them."""
    refusals = {refusal(series, _SERIES) for series in study.series}
    lateral = bool(refusals) and refusals <= {Refused.VIEW, Refused.WORDS}
    return Refusal(RefusalState.NOT_APPLICABLE, "no frontal film: only AP and PA are read") if lateral else None


def _eligible(study: StudyArrived) -> Eligibility:
    return judge(study, _REGION)


def _read(outputs: Mapping[str, Tensor], prepared: Prepared, contract: ModelContract, patient: Patient) -> Finding:
    del patient  # the model reads children and adults by the same thresholds
    return reading.read(outputs, prepared, contract)


PATHWAY = Pathway(
    name="chest",
    title="Pneumonia",
    budget=timedelta(minutes=15),
    default_lane=Lane.ROUTINE,
    eligible=_eligible,
    without_series=_without_series,
    series=_SERIES,
    model=preparing.MODEL,
    grid=preparing.GRID,
    prepare=preparing.prepare,
    read=_read,
    alert=never,
    explain=explaining.key_image,
)
