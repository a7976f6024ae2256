"""Folds rows of the store and the time into the view model. Pure; called by ``board.feed`` and the tests.

The order and its reasons come from ``streams.core.ranking``, the state from ``streams.core.states``; here they are
only put next to each other.
"""

from __future__ import annotations

from datetime import datetime

from board.cells import acknowledgements_of, page_cells, pathway_cell
from board.clocks import clocks_of, first_accepted
from board.desk import desk_view
from board.model import BoardView, CaseView, CounterView
from board.paging import incident_view
from board.rows import BoardRows, CaseRow, TodayCounts
from board.words import NOT_KNOWN, PRIORITY, Tone
from schemas.findings import Finding, FindingState, Urgency
from streams.core.ranking import Ranked, rank
from streams.core.states import CaseState, PathwayView, StateView, state_of

_BY_URGENCY = {Urgency.EMERGENCY: Tone.EMERGENCY, Urgency.URGENT: Tone.URGENT}
_BY_STATE = {
    CaseState.RECEIVED: Tone.WORKING,
    CaseState.ANALYSING: Tone.WORKING,
    CaseState.NOT_FLAGGED: Tone.QUIET,
    CaseState.NOT_APPLICABLE: Tone.OUTSIDE,
    CaseState.CLOSED: Tone.QUIET,
    CaseState.INDETERMINATE: Tone.UNSURE,
    CaseState.NOT_ANALYSED: Tone.ATTENTION,
}


def board_view(rows: BoardRows, now: datetime) -> BoardView:
    """The board at ``now``: every open case in reading order."""
    cases = {case.case_id: case for case in rows.cases}
    ranked = rank((case.ranking for case in rows.cases), now)
    return BoardView(
        cases=tuple(case_view(cases[item.case_id], item, now) for item in ranked),
        counters=counters_of(rows.today),
        desk=desk_view(rows.desk),
    )


def case_view(case: CaseRow, ranked: Ranked, now: datetime) -> CaseView:
    """One row of the board."""
    state = state_of_case(case)
    return CaseView(
        rank=ranked.position,
        case_id=case.case_id,
        reference=case.reference,
        site=case.site,
        study=study_words(case),
        priority=PRIORITY.get(case.priority, NOT_KNOWN),
        tone=tone_of(case, state, now),
        state=state.state.value,
        state_detail=state.detail,
        reason=ranked.reason,
        promoted=ranked.promoted,
        updated_at=case.changed_at,
        warnings=warnings_of(case, now),
        pathways=tuple(pathway_cell(item) for item in case.pathways),
        clocks=clocks_of(case),
        pages=page_cells(case.incidents),
        acknowledged=acknowledgements_of(case.incidents),
        incidents=tuple(incident_view(item) for item in case.incidents),
    )


def state_of_case(case: CaseRow) -> StateView:
    """The state of a case from its pathways, its pages and its answers."""
    pathways = [
        PathwayView(item.pathway, item.eligible, item.outcome.outcome if item.outcome else None)
        for item in case.pathways
    ]
    names = [item.acknowledged_by for item in case.incidents if item.acknowledged_at]
    all_answered = bool(case.incidents) and len(names) == len(case.incidents)
    paged = any(first_accepted(item) for item in case.incidents)
    return state_of(pathways, paged=paged, acknowledged_by=", ".join(sorted(set(names))) if all_answered else "")


def study_words(case: CaseRow) -> str:
    """What was scanned, in words that cannot name a patient: modality and body part, never the description."""
    return " ".join(part for part in (case.modality, case.body_part.lower()) if part) or NOT_KNOWN


def tone_of(case: CaseRow, state: StateView, now: datetime) -> Tone:
    """How grave the row looks: the gravest finding, else the state; an overdue analysis asks for a look."""
    detected = [item for item in _findings(case) if item.state is FindingState.DETECTED]
    tones = {_BY_URGENCY.get(item.urgency, Tone.NOTICE) for item in detected}
    for tone in (Tone.EMERGENCY, Tone.URGENT, Tone.NOTICE):
        if tone in tones:
            return tone
    if is_overdue(case, now):
        return Tone.ATTENTION
    return _BY_STATE.get(state.state, Tone.ATTENTION)


def warnings_of(case: CaseRow, now: datetime) -> tuple[str, ...]:
    """What is wrong with the case beside its finding, worst first."""
    pages = [page for incident in case.incidents for page in incident.pages]
    silent = [item for item in case.incidents if item.pages and all(page.state == "failed" for page in item.pages)]
    words = {
        "page failed: nobody was reached": bool(silent),
        "deadline passed without a result": is_overdue(case, now),
        "result came after its deadline": any(item.outcome and item.outcome.late for item in case.pathways),
        "late images are being analysed": any(item.is_amended for item in case.pathways),
        "a page may have been sent twice": any(page.possible_duplicate for page in pages),
    }
    alarms = (item.words for item in map(incident_view, case.incidents) if item.alarm)
    return (*dict.fromkeys(alarms), *(text for text, holds in words.items() if holds))


def is_overdue(case: CaseRow, now: datetime) -> bool:
    """Say whether an outcome is still owed though its deadline has passed."""
    return any(item.is_pending and item.deadline < now for item in case.pathways)


def counters_of(today: TodayCounts) -> tuple[CounterView, ...]:
    """The numbers in the header."""
    analysed = today.ended - today.not_analysed
    share = f"{analysed} of {today.ended}" if today.ended else "none yet"
    return (
        CounterView(key="analysed", label="analysed", value=share),
        CounterView(key="flagged", label="flagged", value=str(today.flagged)),
        CounterView(key="indeterminate", label="indeterminate", value=str(today.indeterminate)),
        _alarm("not_analysed", "not analysed", today.not_analysed),
        _alarm("late", "late", today.late),
        _alarm("overdue", "overdue now", today.overdue),
        _alarm("pages_failed", "pages failed", today.pages_failed),
    )


def _alarm(key: str, label: str, value: int) -> CounterView:
    return CounterView(key=key, label=label, value=str(value), alarm=value > 0)


def _findings(case: CaseRow) -> list[Finding]:
    ended = [item.outcome.outcome.finding for item in case.pathways if item.outcome]
    return [finding for finding in ended if finding is not None]
