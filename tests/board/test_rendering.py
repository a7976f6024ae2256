"""The HTML."""

from __future__ import annotations

from datetime import timedelta

from board import words
from board.feed import Picture, Trouble, version_of
from board.rendering import Pages
from board.rows import BoardRows
from board.settings import BoardSettings
from board.view import board_view
from schemas.findings import Measurement, Outcome
from tests.board.builders import NOW, ago, board, case, ended, finding, pathway, shift


def picture(rows: BoardRows) -> Picture:
    view = board_view(rows, NOW)
    return Picture(view, version_of(view), NOW)


def page(rows: BoardRows, *, trouble: Trouble | None = None, demo: bool = False) -> str:
    return Pages(BoardSettings(demo=demo)).board(picture(rows), trouble, now=NOW, wall=False)


def test_every_page_says_that_it_is_research_software() -> None:
    html = page(board())
    assert words.RESEARCH in html
    assert words.REVIEW in html
    assert words.RESEARCH in Pages(BoardSettings()).problem("x", "y", NOW)


def test_the_demo_banner_is_shown_in_a_demo_only() -> None:
    assert words.DEMO in page(board(), demo=True)
    assert words.DEMO not in page(board())


def test_what_comes_from_outside_is_escaped() -> None:
    evil = pathway(outcome=ended(Outcome.failed("<script>alert(1)</script>"), decided_at=ago(9)))
    html = page(board(case("a", evil)))
    assert "<script>alert" not in html
    assert "&lt;script&gt;alert" in html


def test_no_row_shows_a_score() -> None:
    scored = pathway(outcome=ended(Outcome.scored(finding(score=0.8765)), decided_at=ago(9)))
    html = page(board(case("a", scored)))
    assert "0.87" not in html
    assert "87" not in html.split('<ol class="cases"')[1].replace("&#39;", "")


def test_model_version_and_operating_point_are_there_on_demand() -> None:
    html = page(board(case("a", pathway(outcome=ended(Outcome.scored(finding()), decided_at=ago(9))))))
    assert "lvo_first, version 1, operating point site default" in html


def test_each_row_has_shape_word_rank_and_reference() -> None:
    html = page(shift())
    for row in board_view(shift(), NOW).cases:
        piece = html.split(f'id="case-{row.case_id}"')[1].split("</li>\n<li class")[0]
        assert f"#shape-{row.tone}" in piece
        assert words.TONE[row.tone] in piece
        assert row.reference in piece


def test_a_stale_page_is_stale_before_any_script_runs() -> None:
    html = page(board(), trouble=Trouble("store_unavailable", "PostgreSQL (setting store.url) does not answer"))
    assert 'class="board not-live"' in html
    assert "PostgreSQL (setting store.url) does not answer" in html
    assert 'role="alert" hidden' not in html


def test_a_passed_deadline_reads_over() -> None:
    rows = board(case("a", pathway(deadline=NOW + timedelta(seconds=10))))
    html = Pages(BoardSettings()).rows(picture(rows), NOW + timedelta(seconds=75))
    assert "1:05 min over" in html


def test_measures_are_named_once_and_scores_are_none() -> None:
    measures = (
        Measurement(name="max_diameter_mm", value=61.2, low=58.9, high=63.4, unit="mm"),
        Measurement(name="score_left_M1", value=0.87, unit="1"),
    )
    scored = pathway(outcome=ended(Outcome.scored(finding(measurements=measures)), decided_at=ago(9)))
    html = page(board(case("a", scored)))
    assert "max diameter 61.2 mm (95 % interval 58.9 to 63.4)" in html
    assert "score left" not in html
