"""The one state shown for a case."""

from __future__ import annotations

import pytest

from schemas.findings import Finding, FindingState, Outcome
from streams.core.states import CaseState, PathwayView, StateView, state_of


def _scored(state: FindingState, reason: str = "") -> Outcome:
    return Outcome.scored(Finding(code="lvo", state=state, reason=reason))


DETECTED = PathwayView("stroke", True, _scored(FindingState.DETECTED))
NEGATIVE = PathwayView("chest", True, _scored(FindingState.NOT_DETECTED))
FAILED = PathwayView("aorta", True, Outcome.failed("slices are missing"))
PENDING = PathwayView("aorta", True, None)
FOREIGN = PathwayView("chest", False, Outcome.not_applicable("modality MR is not read by this pathway"))


@pytest.mark.parametrize(
    ("views", "state"),
    [
        ([], CaseState.RECEIVED),
        ([PENDING], CaseState.ANALYSING),
        ([NEGATIVE], CaseState.NOT_FLAGGED),
        ([NEGATIVE, PENDING], CaseState.ANALYSING),
        ([NEGATIVE, FAILED], CaseState.NOT_ANALYSED),
        ([NEGATIVE, FAILED, DETECTED], CaseState.FLAGGED),
        ([PathwayView("stroke", True, _scored(FindingState.INDETERMINATE, "no contrast"))], CaseState.INDETERMINATE),
        ([PathwayView("stroke", True, _scored(FindingState.UNKNOWN))], CaseState.INDETERMINATE),
        ([FOREIGN], CaseState.NOT_APPLICABLE),
    ],
)
def test_the_gravest_statement_wins(views: list[PathwayView], state: CaseState) -> None:
    assert state_of(views).state is state


def test_a_failure_carries_its_reason() -> None:
    assert state_of([FAILED]) == StateView(CaseState.NOT_ANALYSED, "slices are missing")


def test_a_page_and_its_acknowledgement_are_states_of_a_flagged_case() -> None:
    assert state_of([DETECTED], paged=True).state is CaseState.PAGED
    assert state_of([DETECTED], paged=True, acknowledged_by="neuro-1") == StateView(
        CaseState.ACKNOWLEDGED, "LVO, by neuro-1"
    )
