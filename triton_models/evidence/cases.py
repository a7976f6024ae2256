"""One judged case: what is true of it beside what the pathway said. The common currency of every evaluation.

Synthetic test parts and folders of DICOM studies are judged by the same figures, because both become these rows.
"""

from __future__ import annotations

import enum
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from schemas.findings import Finding, Outcome, OutcomeKind
from triton_models.explanation.key_image import KeyImage

DIAMETER = "diameter"


class Label(enum.StrEnum):
    """What is true of a case; ``UNKNOWN`` where nobody says so."""

    POSITIVE = "positive"
    NEGATIVE = "negative"
    INDETERMINATE = "indeterminate"
    NOT_APPLICABLE = "not_applicable"
    UNKNOWN = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Truth:
    """What a reader, a label file or a phantom says; empty and None where it does not."""

    label: Label = Label.UNKNOWN
    side: str = ""
    segment: str = ""
    diameter_mm: float | None = None
    groups: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class JudgedCase:
    """One case with its truth and its outcome.

    Attributes:
        name: the StudyInstanceUID, or the name of a synthetic case.
        outcome: how the pathway ended.
        seconds: from the choice of the series to the finding.
        series: why this series was read.
        picture: the key image, where there is one.
    """

    name: str
    truth: Truth
    outcome: Outcome
    seconds: float
    series: str = ""
    picture: KeyImage | None = None

    @property
    def finding(self) -> Finding | None:
        """The finding of a scored case."""
        return self.outcome.finding if self.outcome.kind is OutcomeKind.SCORED else None

    @property
    def detected(self) -> bool:
        """The finding is flagged: on an alerting pathway somebody is paged."""
        return self.state == "detected"

    @property
    def state(self) -> str:
        """The state of the finding, empty where there is none."""
        return self.finding.state.value if self.finding else ""

    @property
    def score(self) -> float | None:
        """The calibrated score, where the model was asked."""
        return self.finding.score if self.finding else None

    def diameter(self) -> tuple[float, float | None, float | None] | None:
        """The measured diameter with its interval, in millimetres."""
        measured = None
        if self.finding is not None:
            found = (m for m in self.finding.measurements if DIAMETER in m.name and m.unit == "mm")
            measured = next(found, None)
        return (measured.value, measured.low, measured.high) if measured else None


Keep = Callable[[JudgedCase], None]
"""Takes each judged case, for a report."""


def drop(case: JudgedCase) -> None:
    """Keep nothing."""


def is_wrong(case: JudgedCase) -> bool:
    """Whether a case ended otherwise than its label says."""
    right = {
        Label.POSITIVE: case.detected,
        Label.NEGATIVE: case.state == "not_detected",
        Label.INDETERMINATE: case.state == "indeterminate",
        Label.NOT_APPLICABLE: case.outcome.kind is OutcomeKind.NOT_APPLICABLE,
        Label.UNKNOWN: True,
    }
    return not right[case.truth.label]


def as_row(case: JudgedCase) -> dict[str, object]:
    """Give a case as one flat row, for JSON and CSV; the keys are stable."""
    finding, measured = case.finding, case.diameter()
    return {
        "study_uid": case.name,
        "label": case.truth.label.value,
        "outcome": case.outcome.kind.value,
        "finding": case.state,
        "score": case.score,
        "side": finding.location.side.value if finding else "",
        "segment": finding.location.segment if finding else "",
        "diameter_mm": round(measured[0], 2) if measured else None,
        "diameter_interval_mm": _interval(measured),
        "reason": case.outcome.reason,
        "seconds": round(case.seconds, 3),
        "series": case.series,
        "true_side": case.truth.side,
        "true_segment": case.truth.segment,
        "true_diameter_mm": case.truth.diameter_mm,
        **{f"group_{name}": value for name, value in case.truth.groups.items()},
    }


def _interval(measured: tuple[float, float | None, float | None] | None) -> list[float] | None:
    if measured is None or measured[1] is None or measured[2] is None:
        return None
    return [round(measured[1], 2), round(measured[2], 2)]
