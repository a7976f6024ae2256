"""What stands at the top of every screen."""

from __future__ import annotations

from datetime import timedelta

import pytest

from board.desk import desk_view
from board.feed import Picture, version_of
from board.rendering import Pages
from board.rows import BoardRows, CalendarRow, DeskRows, NoticeRow
from board.settings import BoardSettings
from board.view import board_view
from board.words import Tone
from store.desk import NoticeKind
from store.silences import Silence
from tests.board.builders import NOW, ago, board

ENDS = NOW + timedelta(minutes=42)


def notice(kind: str, *, age_s: float = 60, text: str = "CODESTROKE look", reference: str = "") -> NoticeRow:
    return NoticeRow(
        notice_id=f"id-{kind}-{age_s:.0f}", kind=kind, text=text, raised_at=ago(age_s), reference=reference
    )


def silence(team: str = "stroke", pathway: str = "") -> Silence:
    return Silence(
        silence_id="s1", team=team, pathway=pathway, reason="drill", set_by="lead", starts_at=ago(60), ends_at=ENDS
    )


def html(desk: DeskRows, *, pin: str | None = None) -> str:
    view = board_view(BoardRows(cases=(), today=board().today, desk=desk), NOW)
    settings = BoardSettings.model_validate({"pin": pin})
    return Pages(settings).rows(Picture(view, version_of(view), NOW), NOW)


def test_the_gravest_comes_first_then_the_oldest() -> None:
    rows = (notice("rota_gap"), notice("nobody_answered", age_s=5), notice("nobody_answered", age_s=50))
    shown = desk_view(DeskRows(notices=rows)).notices
    assert [each.notice_id for each in shown] == ["id-nobody_answered-50", "id-nobody_answered-5", "id-rota_gap-60"]


@pytest.mark.parametrize("kind", list(NoticeKind))
def test_every_kind_has_a_place_and_a_word(kind: NoticeKind) -> None:
    (shown,) = desk_view(DeskRows(notices=(notice(kind),))).notices
    alarm = kind in {
        NoticeKind.NOBODY_ANSWERED,
        NoticeKind.ALL_DECLINED,
        NoticeKind.NOBODY_ON_CALL,
        NoticeKind.RESULT_OVERDUE,
    }
    assert (shown.grave is Tone.EMERGENCY) == alarm
    assert shown.word


def test_a_kind_that_is_not_known_stands_with_the_gravest() -> None:
    rows = (notice("nobody_answered"), notice("of_a_newer_version"))
    (first, _) = desk_view(DeskRows(notices=rows)).notices
    assert (first.kind, first.grave) == ("of_a_newer_version", Tone.EMERGENCY)


def test_each_notice_has_shape_word_text_and_age() -> None:
    shown = html(DeskRows(notices=(notice("nobody_answered", text="CODESTROKE NOBODY ANSWERED", reference="K7FQ"),)))
    for part in ("#shape-emergency", "Act now", ">NOBODY ANSWERED<", "1:00 min", "since 14:09:00", "/cases/K7FQ"):
        assert part in shown


def test_a_notice_can_be_cleared_only_where_the_board_has_a_pin() -> None:
    desk = DeskRows(notices=(notice("opted_out"),))
    assert "/notices/id-opted_out-60" in html(desk, pin="2468")
    assert "/notices/" not in html(desk)


@pytest.mark.parametrize(
    ("team", "pathway", "what"),
    [("stroke", "", "team stroke"), ("", "chest", "pathway chest"), ("", "", "every team")],
)
def test_a_silence_says_what_why_who_and_when_it_ends(team: str, pathway: str, what: str) -> None:
    shown = html(DeskRows(silences=(silence(team, pathway),)))
    for part in (f"NOT PAGED: {what}", "Reason: drill (lead)", "42:00 min", "at 14:52:00"):
        assert part in shown


def test_only_stale_calendars_are_shown_with_their_age() -> None:
    calendars = (
        CalendarRow(name="fresh", fetched_at=ago(5), stale=False),
        CalendarRow(name="old", fetched_at=ago(100_000), stale=True, error="timed_out"),
        CalendarRow(name="none", fetched_at=None, stale=True),
    )
    shown = html(DeskRows(calendars=calendars))
    assert "Calendar fresh" not in shown
    assert "1 d 3 h" in shown
    assert "timed out" in shown
    assert "no copy at all" in shown


def test_what_people_typed_is_escaped() -> None:
    typed = Silence(silence_id="s", team="", pathway="", reason="<script>", set_by="x", starts_at=ago(1), ends_at=ENDS)
    assert "<script>" not in html(DeskRows(silences=(typed,)))


def test_a_notice_moves_the_version() -> None:
    quiet, told = BoardRows(cases=(), today=board().today), DeskRows(notices=(notice("opted_out"),))
    loud = BoardRows(cases=(), today=board().today, desk=told)
    assert version_of(board_view(quiet, NOW)) != version_of(board_view(loud, NOW))
    assert version_of(board_view(loud, NOW)) == version_of(board_view(loud, NOW + timedelta(seconds=9)))
