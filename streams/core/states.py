"""The state of a case as people see it: one word from a closed list, and the detail behind it.

Called by the decider and the board with what the store holds; pure. "Not analysed" never looks like "normal".
"""

from __future__ import annotations

import enum
from collections.abc import Sequence
from dataclasses import dataclass

from schemas.findings import FindingState, Outcome, OutcomeKind


class CaseState(enum.StrEnum):
    """The closed list of states, in the order of a case's life."""

    RECEIVED = "received"
    ANALYSING = "analysing"
    FLAGGED = "flagged"
    NOT_FLAGGED = "not flagged"
    INDETERMINATE = "indeterminate"
    NOT_ANALYSED = "not analysed"
    NOT_APPLICABLE = "not applicable"
    PAGED = "paged"
    ACKNOWLEDGED = "acknowledged"
    CLOSED = "closed"


@dataclass(frozen=True, slots=True)
class PathwayView:
    """One pathway of a case: its outcome, or None while it is still under way."""

    pathway: str
    eligible: bool
    outcome: Outcome | None


@dataclass(frozen=True, slots=True)
class StateView:
    """State and detail; the detail is a fragment fit for the board."""

    state: CaseState
    detail: str = ""


def state_of(pathways: Sequence[PathwayView], *, paged: bool = False, acknowledged_by: str = "") -> StateView:
    """Fold the pathways of a case into the one state shown; the gravest statement wins."""
    if not pathways:
        return StateView(CaseState.RECEIVED)
    flagged = [item for item in pathways if _is(item, FindingState.DETECTED)]
    if flagged:
        return _flagged_state(flagged, paged=paged, acknowledged_by=acknowledged_by)
    failed = [item for item in pathways if item.outcome and item.outcome.kind in _FAILED]
    if failed:
        return StateView(CaseState.NOT_ANALYSED, _reasons(failed))
    unsure = [item for item in pathways if _is(item, FindingState.INDETERMINATE, FindingState.UNKNOWN)]
    if unsure:
        return StateView(CaseState.INDETERMINATE, _reasons(unsure))
    return _quiet_state(pathways)


def _quiet_state(pathways: Sequence[PathwayView]) -> StateView:
    if any(item.eligible and item.outcome is None for item in pathways):
        return StateView(CaseState.ANALYSING)
    if any(_is(item, FindingState.NOT_DETECTED) for item in pathways):
        return StateView(CaseState.NOT_FLAGGED)
    return StateView(CaseState.NOT_APPLICABLE, _reasons(pathways))


_FAILED = (OutcomeKind.FAILED, OutcomeKind.UNKNOWN)


def _flagged_state(flagged: Sequence[PathwayView], *, paged: bool, acknowledged_by: str) -> StateView:
    codes = ", ".join(sorted({_code(item) for item in flagged}))
    if acknowledged_by:
        return StateView(CaseState.ACKNOWLEDGED, f"{codes}, by {acknowledged_by}")
    return StateView(CaseState.PAGED if paged else CaseState.FLAGGED, codes)


def _code(item: PathwayView) -> str:
    finding = item.outcome.finding if item.outcome else None
    return finding.code.upper() if finding else item.pathway


def _is(item: PathwayView, *states: FindingState) -> bool:
    finding = item.outcome.finding if item.outcome and item.outcome.kind is OutcomeKind.SCORED else None
    return finding is not None and finding.state in states


def _reasons(items: Sequence[PathwayView]) -> str:
    reasons = {item.outcome.reason for item in items if item.outcome and item.outcome.reason}
    return "; ".join(sorted(reasons))
