"""The clocks of a case."""

from __future__ import annotations

from datetime import timedelta

from board.clocks import PAGE_TARGET_S, clocks_of
from board.model import ClockKind, ClockView
from board.rows import CaseRow
from schemas.findings import Outcome
from tests.board.builders import NOW, ago, case, ended, finding, incident, page, pathway


def clock(row: CaseRow, key: str) -> ClockView:
    return next(item for item in clocks_of(row) if item.key == key)


def test_every_case_has_the_same_six_clocks() -> None:
    for row in (case(), case("b", pathway()), case("c", incidents=(incident(page("pending")),))):
        assert [item.key for item in clocks_of(row)] == ["scan", "arrived", "deadline", "result", "page", "ack"]


def test_an_unknown_scan_time_is_said_and_not_guessed() -> None:
    scan = clock(case(acquired_s=None), "scan")
    assert (scan.kind, scan.note, scan.seconds(NOW)) == (ClockKind.NONE, "Not known", None)


def test_both_clocks_run_from_their_own_start() -> None:
    row = case(arrived_s=300, acquired_s=340)
    assert clock(row, "scan").seconds(NOW) == 340
    assert clock(row, "arrived").seconds(NOW) == 300


def test_the_nearest_open_deadline_counts_down_and_then_over() -> None:
    done = pathway("aorta", outcome=ended(Outcome.failed("x"), decided_at=ago(5)), deadline=ago(100))
    row = case("a", done, pathway(deadline=NOW + timedelta(seconds=30)), pathway("chest"))
    left = clock(row, "deadline")
    assert left.seconds(NOW) == 30
    assert not left.is_over(NOW)
    assert left.is_over(NOW + timedelta(seconds=31))


def test_a_late_outcome_reads_missed() -> None:
    late = pathway(outcome=ended(Outcome.failed("deadline"), decided_at=ago(5), late=True))
    assert clock(case("a", late), "deadline").note == "missed"


def test_the_result_clock_stands_at_the_last_decision() -> None:
    row = case("a", pathway(outcome=ended(Outcome.scored(finding()), decided_at=ago(155))), arrived_s=300)
    result = clock(row, "result")
    assert (result.kind, result.seconds(NOW + timedelta(hours=1))) == (ClockKind.TOOK, 145)


def test_a_result_is_pending_while_one_pathway_is() -> None:
    row = case("a", pathway(outcome=ended(Outcome.failed("x"), decided_at=ago(9))), pathway("chest"))
    assert clock(row, "result").note == "pending"


def test_a_page_nobody_accepted_runs_past_its_tick() -> None:
    waiting = clock(case(incidents=(incident(page("failed")),)), "page")
    assert waiting.seconds(NOW) == 120
    assert waiting.target_s == PAGE_TARGET_S
    assert waiting.is_over(NOW)


def test_the_answer_clock_starts_when_the_page_was_accepted() -> None:
    row = case(incidents=(incident(page(accepted_at=ago(70))),))
    assert clock(row, "page").seconds(NOW) == 230
    assert clock(row, "ack").seconds(NOW) == 70


def test_an_acknowledgement_stops_the_answer_clock() -> None:
    row = case(arrived_s=300, incidents=(incident(page(accepted_at=ago(70)), acknowledged_by="n", at=ago(20)),))
    assert (clock(row, "ack").kind, clock(row, "ack").seconds(NOW)) == (ClockKind.TOOK, 280)
