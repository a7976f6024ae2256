"""What a pathway is: eligibility, series rule, model, reading of its outputs and alert policy, as one value.

Adding a pathway adds one folder with a ``pathway.py`` that exports ``PATHWAY``.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from schemas.events import StudyArrived
from schemas.findings import Finding
from schemas.priorities import Lane, Priority
from store.measurements import Measured
from streams.core.eligibility import Eligibility
from streams.dicom.choice import SeriesRule
from triton_models.contracts import ModelContract
from triton_models.explanation.key_image import KeyImage
from triton_models.prepared import Prepared, Refusal, Tensor
from triton_models.volume import FilmGrid, VolumeGrid


@dataclass(frozen=True, slots=True)
class Alert:
    """Page this team about this finding."""

    team: str


@dataclass(frozen=True, slots=True)
class Patient:
    """What reading a model's output may need of the patient; nothing that identifies."""

    sex: str = ""
    age_years: float | None = None


Prepare = Callable[[Any], Prepared]
# The name of the measurement that is followed, and what earlier ones of the patient, oldest first, change.
Follow = tuple[str, Callable[[Finding, Sequence[Measured], datetime], Finding]]
# Image on the grid, what was prepared, the model's outputs (empty where it was not asked) and the finding.
Explain = Callable[[Any, Prepared, Mapping[str, Tensor], Finding], KeyImage | None]
Read = Callable[[Mapping[str, Tensor], Prepared, ModelContract, Patient], Finding]


@dataclass(frozen=True, slots=True, kw_only=True)
class Pathway:
    """One pathway.

    Attributes:
        name: short name; part of topic names.
        title: for people.
        budget: from the last slice to an outcome that was acted on.
        default_lane: lane of a routine order.
        eligible: whether a study must get an outcome here.
        series: which series is read.
        model: name of the served model and of its contract.
        grid: what the images are resampled into.
        prepare: image on the grid → model inputs or a refusal; no I/O.
        read: model outputs → finding; no I/O.
        alert: whether a finding pages somebody, and whom.
        without_series: what a study in which no series can be read means: it cannot answer, or there is nothing to
            say about it; None where that is a failure.
        explain: draws the key image of a finding, or nothing where there is nothing to show; no I/O.
        follow: how earlier measurements of the same patient change a finding, where they do.
    """

    name: str
    title: str
    budget: timedelta
    default_lane: Lane
    eligible: Callable[[StudyArrived], Eligibility]
    series: SeriesRule
    model: str
    grid: VolumeGrid | FilmGrid
    prepare: Prepare
    read: Read
    alert: Callable[[Finding], Alert | None]
    without_series: Callable[[StudyArrived], Refusal | None] = lambda _: None
    explain: Explain | None = None
    follow: Follow | None = None

    def lane(self, priority: Priority) -> Lane:
        """The lane of a case: a human's urgency lifts it, nothing lowers it."""
        return Lane.URGENT if priority in (Priority.STAT, Priority.HIGH) else self.default_lane


def never(finding: Finding) -> Alert | None:
    """Alert policy of a pathway that only re-ranks."""
    return None
