"""A pathway of the tests: its images, its model and what it reads are said by the test."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path

import numpy as np

from schemas.errors import CodestrokeError
from schemas.events import StudyArrived
from schemas.findings import Finding, FindingState, Urgency
from schemas.ids import SeriesUid, StudyUid
from schemas.priorities import Lane
from streams.core.eligibility import Eligibility
from streams.dicom.choice import SeriesRule
from streams.pathways.base import Alert, Pathway, Patient
from triton_models.contracts import ModelContract, load_contract
from triton_models.prepared import Prepared, Tensor
from triton_models.volume import FilmGrid, Radiograph, Volume, VolumeGrid

GRID = VolumeGrid(spacing_mm=(1.0, 1.0, 1.0), shape_yx=(4, 4), max_slices=4)


@dataclass
class SaidImages:
    """Implements ``ImageSource`` and ``Decoder``; raises what the test queued."""

    errors: list[CodestrokeError] = field(default_factory=list)
    decoded: int = 0

    async def fetch(self, study_uid: StudyUid, series_uid: SeriesUid, into: Path, *, timeout_s: float) -> list[Path]:
        """Return one path, or raise the next error."""
        del study_uid, series_uid, timeout_s
        if self.errors:
            raise self.errors.pop(0)
        return [into / "1.dcm"]

    async def volume(self, files: list[Path], grid: VolumeGrid, *, timeout_s: float) -> Volume:
        """Return an empty volume."""
        del files, timeout_s
        self.decoded += 1
        return Volume(np.zeros((4, *grid.shape_yx), np.float32), grid.spacing_mm, (0.0, 0.0, 0.0), grid.spacing_mm, 4)

    async def radiograph(self, path: Path, grid: FilmGrid, *, timeout_s: float) -> Radiograph:
        """Return an empty film."""
        del path, timeout_s
        return Radiograph(np.zeros(grid.shape_yx, np.float32), "PA", grid.shape_yx)


@dataclass
class SaidModel:
    """Implements ``Model``; raises what the test queued."""

    errors: list[CodestrokeError] = field(default_factory=list)
    asked: int = 0
    contract: ModelContract = field(default_factory=lambda: load_contract("lvo_cta_head"))

    async def infer(self, inputs: Mapping[str, Tensor], *, timeout_s: float) -> dict[str, Tensor]:
        """Return nothing, or raise the next error."""
        del inputs, timeout_s
        self.asked += 1
        if self.errors:
            raise self.errors.pop(0)
        return {}


def finding(state: FindingState = FindingState.DETECTED, urgency: Urgency = Urgency.EMERGENCY) -> Finding:
    """A finding of the test pathway."""
    return Finding(code="lvo", state=state, score=0.9, urgency=urgency, reason="occlusion, left M1")


def pathway(said: Finding | None = None, prepared: Prepared | None = None) -> Pathway:
    """A stroke-like pathway that answers ``said``."""
    answer, ready = said or finding(), prepared or Prepared({})

    def read(_: Mapping[str, Tensor], __: Prepared, ___: ModelContract, ____: Patient) -> Finding:
        return answer

    return Pathway(
        name="stroke",
        title="Stroke",
        budget=timedelta(seconds=60),
        default_lane=Lane.URGENT,
        eligible=eligible,
        series=SeriesRule(name="stroke", modalities=frozenset({"CT"})),
        model="lvo_cta_head",
        grid=GRID,
        prepare=lambda _: ready,
        read=read,
        alert=lambda item: Alert("stroke") if item.state is FindingState.DETECTED else None,
    )


def eligible(study: StudyArrived) -> Eligibility:
    """Any CT is eligible."""
    return Eligibility(study.modality == "CT", f"modality {study.modality}")
