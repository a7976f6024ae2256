"""From rows to the view model."""

from __future__ import annotations

from datetime import timedelta

import pytest

from board.feed import version_of
from board.model import CaseView
from board.rows import CaseRow
from board.view import board_view, counters_of
from board.words import TONE, Tone
from schemas.findings import FindingState, Outcome, Urgency
from schemas.priorities import Priority
from tests.board.builders import NOW, ago, board, case, ended, finding, incident, page, pathway, shift

DONE = ago(100)


def only(row: CaseRow) -> CaseView:
    return board_view(board(row), NOW).cases[0]


def scored(state: FindingState, urgency: Urgency = Urgency.ROUTINE) -> CaseRow:
    return case("a", pathway(outcome=ended(Outcome.scored(finding(state=state, urgency=urgency)), decided_at=DONE)))


def test_every_open_case_is_shown_once_in_reading_order() -> None:
    rows = shift()
    view = board_view(rows, NOW)
    assert [item.rank for item in view.cases] == list(range(1, len(rows.cases) + 1))
    assert {item.case_id for item in view.cases} == {item.case_id for item in rows.cases}
    assert view.cases[0].reason == "suspected LVO: left M1"


@pytest.mark.parametrize(
    ("row", "tone", "state"),
    [
        (scored(FindingState.DETECTED, Urgency.EMERGENCY), Tone.EMERGENCY, "flagged"),
        (scored(FindingState.DETECTED, Urgency.URGENT), Tone.URGENT, "flagged"),
        (scored(FindingState.DETECTED), Tone.NOTICE, "flagged"),
        (scored(FindingState.NOT_DETECTED), Tone.QUIET, "not flagged"),
        (scored(FindingState.INDETERMINATE), Tone.UNSURE, "indeterminate"),
        (scored(FindingState.UNKNOWN), Tone.UNSURE, "indeterminate"),
        (case("a", pathway(outcome=ended(Outcome.failed("x"), decided_at=DONE))), Tone.ATTENTION, "not analysed"),
        (case("a", pathway()), Tone.WORKING, "analysing"),
        (case("a", pathway(eligible=False)), Tone.OUTSIDE, "not applicable"),
        (case("a"), Tone.WORKING, "received"),
    ],
)
def test_state_and_tone(row: CaseRow, tone: Tone, state: str) -> None:
    assert (only(row).tone, only(row).state) == (tone, state)


def test_no_two_tones_share_a_word() -> None:
    assert len(set(TONE.values())) == len(Tone)


def test_not_analysed_never_looks_like_no_flag() -> None:
    failed = only(case("a", pathway(outcome=ended(Outcome.failed("slices missing"), decided_at=DONE))))
    assert failed.tone not in {Tone.QUIET, Tone.WORKING}
    assert failed.state_detail == "slices missing"
    assert failed.pathways[0].words == "not analysed: slices missing"


def test_an_overdue_analysis_asks_for_a_look() -> None:
    row = only(case("a", pathway(deadline=ago(1))))
    assert row.tone is Tone.ATTENTION
    assert row.warnings == ("deadline passed without a result",)


def test_late_images_keep_the_finding_and_say_so() -> None:
    old = ended(Outcome.scored(finding()), decided_at=DONE, revision=1)
    row = only(case("a", pathway(outcome=old, revision=2)))
    assert row.tone is Tone.EMERGENCY
    assert row.warnings == ("late images are being analysed",)


def test_a_case_is_paged_only_when_the_carrier_accepted() -> None:
    flagged = pathway(outcome=ended(Outcome.scored(finding()), decided_at=DONE))
    pending, accepted = page("pending"), page("accepted", accepted_at=ago(9))
    assert only(case("a", flagged, incidents=(incident(pending),))).state == "flagged"
    assert only(case("a", flagged, incidents=(incident(accepted),))).state == "paged"


def test_an_acknowledgement_names_who() -> None:
    flagged = pathway(outcome=ended(Outcome.scored(finding()), decided_at=DONE))
    answered = incident(page(accepted_at=ago(9)), acknowledged_by="neuro-1", at=ago(3))
    row = only(case("a", flagged, incidents=(answered,)))
    assert (row.state, row.state_detail) == ("acknowledged", "LVO, by neuro-1")


def test_a_page_that_reached_nobody_is_a_warning() -> None:
    assert "page failed: nobody was reached" in only(case(incidents=(incident(page("failed")),))).warnings


def test_a_possible_double_page_is_a_warning() -> None:
    row = case(incidents=(incident(page(possible_duplicate=True)),))
    assert only(row).warnings == ("a page may have been sent twice",)


def test_promotion_by_waiting_is_visible() -> None:
    row = only(case(arrived_s=3700, wait_limit_s=3600))
    assert row.promoted
    assert row.reason.startswith("promoted: waited 61 min")


def test_the_study_is_named_without_its_description() -> None:
    assert only(case(modality="DX", body_part="CHEST")).study == "DX chest"
    assert only(case(modality="", body_part="")).study == "Not known"


def test_a_human_priority_is_shown() -> None:
    assert only(case(priority=Priority.STAT)).priority == "STAT"
    assert only(case(priority=Priority.UNKNOWN)).priority == "Not known"


def test_counters_raise_an_alarm_only_above_zero() -> None:
    counters = {item.key: item for item in counters_of(board(flagged=2, not_flagged=1, not_analysed=1).today)}
    assert counters["analysed"].value == "3 of 4"
    assert counters["not_analysed"].alarm
    assert not counters["overdue"].alarm


def test_the_version_moves_with_what_is_seen_and_not_with_the_time() -> None:
    rows = board(case(), case("b", pathway()))
    first = version_of(board_view(rows, NOW))
    assert version_of(board_view(rows, NOW + timedelta(seconds=50))) == first
    assert version_of(board_view(board(case()), NOW)) != first
    assert version_of(board_view(rows, NOW + timedelta(seconds=181))) != first, "the deadline of b has passed"
