"""The clocks of a case: since scan, since arrival, left to the deadline, result, page, acknowledgement. Pure.

A clock that cannot be known says so; it is never left out, because a missing clock reads like a clock at zero.
"""

from __future__ import annotations

from datetime import datetime

from board.model import ClockKind, ClockView
from board.rows import CaseRow, IncidentRow, PathwayRow
from board.words import NOT_KNOWN

# Time from acquisition to the read of a CT angiogram in suspected stroke: 10 min, the tighter reading of the SNIS and
# AHA process goals. Shown as a tick only; nothing is decided by it.
SCAN_TARGET_S = 600
# A page should be accepted by the carrier, and then answered, within this many seconds.
PAGE_TARGET_S = 60
ACKNOWLEDGE_TARGET_S = 300


def clocks_of(case: CaseRow) -> tuple[ClockView, ...]:
    """All clocks of a case, always the same six in the same order."""
    return (_scan(case), _arrived(case), _deadline(case), _result(case), _page(case), _acknowledged(case))


def _scan(case: CaseRow) -> ClockView:
    if case.acquired_at is None:
        return ClockView(key="scan", label="Since scan", kind=ClockKind.NONE, note=NOT_KNOWN)
    wants_target = any(item.eligible and item.pathway == "stroke" for item in case.pathways)
    return ClockView(
        key="scan",
        label="Since scan",
        kind=ClockKind.ELAPSED,
        start=case.acquired_at,
        target_s=SCAN_TARGET_S if wants_target and not _is_acknowledged(case) else None,
    )


def _arrived(case: CaseRow) -> ClockView:
    return ClockView(key="arrived", label="Since arrival", kind=ClockKind.ELAPSED, start=case.arrived_at)


def _deadline(case: CaseRow) -> ClockView:
    eligible = [item for item in case.pathways if item.eligible]
    open_ones = [item for item in eligible if item.is_pending]
    if open_ones:
        nearest = min(item.deadline for item in open_ones)
        return ClockView(key="deadline", label="Time left", kind=ClockKind.REMAINING, end=nearest)
    note = _deadline_note(eligible)
    return ClockView(key="deadline", label="Deadline", kind=ClockKind.NONE, note=note)


def _deadline_note(eligible: list[PathwayRow]) -> str:
    if not eligible:
        return "no deadline"
    return "missed" if any(item.outcome and item.outcome.late for item in eligible) else "met"


def _result(case: CaseRow) -> ClockView:
    eligible = [item for item in case.pathways if item.eligible]
    decided = [item.outcome.decided_at for item in eligible if item.outcome]
    if not eligible or len(decided) < len(eligible):
        note = "pending" if eligible or not case.pathways else "none due"
        return ClockView(key="result", label="Result after", kind=ClockKind.NONE, note=note)
    return _took("result", "Result after", case.arrived_at, max(decided))


def _page(case: CaseRow) -> ClockView:
    incidents = [item for item in case.incidents if item.pages]
    if not incidents:
        return ClockView(key="page", label="Page accepted", kind=ClockKind.NONE, note="no page")
    accepted = [at for item in incidents if (at := first_accepted(item)) is not None]
    if len(accepted) == len(incidents):
        return _took("page", "Page accepted", case.arrived_at, max(accepted))
    waiting = min(page.created_at for item in incidents if first_accepted(item) is None for page in item.pages)
    return ClockView(key="page", label="Page waiting", kind=ClockKind.ELAPSED, start=waiting, target_s=PAGE_TARGET_S)


def _acknowledged(case: CaseRow) -> ClockView:
    if not case.incidents:
        return ClockView(key="ack", label="Acknowledged", kind=ClockKind.NONE, note="not asked")
    answers = [item.acknowledged_at for item in case.incidents if item.acknowledged_at]
    if len(answers) == len(case.incidents):
        return _took("ack", "Acknowledged", case.arrived_at, max(answers))
    asked = [at for item in case.incidents if item.acknowledged_at is None and (at := first_accepted(item))]
    if not asked:
        return ClockView(key="ack", label="Acknowledged", kind=ClockKind.NONE, note="not yet")
    return ClockView(
        key="ack", label="Answer waiting", kind=ClockKind.ELAPSED, start=min(asked), target_s=ACKNOWLEDGE_TARGET_S
    )


def first_accepted(incident: IncidentRow) -> datetime | None:
    """When the carrier first accepted a page of the incident, or None."""
    return min((page.accepted_at for page in incident.pages if page.accepted_at), default=None)


def _is_acknowledged(case: CaseRow) -> bool:
    return bool(case.incidents) and all(item.acknowledged_at for item in case.incidents)


def _took(key: str, label: str, start: datetime, end: datetime) -> ClockView:
    return ClockView(key=key, label=label, kind=ClockKind.TOOK, start=start, end=end)
