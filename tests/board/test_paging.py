"""The paging of a case in words."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from alerting.core.incidents import IncidentState
from alerting.pager.rules import policy_of
from alerting.settings import PagingSettings
from board.paging import incident_view, next_step_of, next_words, with_next_steps
from board.rows import IncidentRow
from board.view import board_view
from store.incidents import Answer
from tests.board.builders import NOW, ago, board, case, incident, page

POLICY = policy_of(PagingSettings(), "stroke")


def row(state: str = "open", *answers: tuple[str, str], step: int = 1, **more: object) -> IncidentRow:
    given = tuple(Answer(person=person, kind=kind, how="sms", at=ago(5)) for person, kind in answers)
    base = incident(page(accepted_at=ago(9)))
    return replace(base, state=state, step=step, answers=given, **more)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("shown", "words", "alarm"),
    [
        (row(), "paging the stroke team, step 1: nobody has answered yet", False),
        (row("open", ("a", "decline")), "paging the stroke team, step 1: nobody has taken it", False),
        (row("open", ("a", "acknowledge")), "taken by a; paging on, a person of another role is needed", False),
        (
            row("open", ("a", "acknowledge"), ("a", "decline")),
            "paging the stroke team, step 1: nobody has taken it",
            False,
        ),
        (row("exhausted"), "NOBODY ANSWERED: call the stroke team by phone", True),
        (row("declined"), "EVERYBODY DECLINED: call the stroke team by phone", True),
        (row("muted"), "not paged by itself: a graver finding of the case is paged", False),
        (row("silenced"), "NOT PAGED: stroke is silenced", True),
        (row("of_a_newer_version"), "state not understood: of_a_newer_version", True),
        (replace(row("exhausted"), pages=()), "NOBODY COULD BE PAGED: call the stroke team by phone", True),
        (replace(row(), pages=()), "paging the stroke team: first page not written yet", False),
    ],
)
def test_where_the_paging_stands(shown: IncidentRow, words: str, alarm: bool) -> None:
    view = incident_view(shown)
    assert (view.words, view.alarm) == (words, alarm)


def test_who_acknowledged_and_how() -> None:
    taken = row("acknowledged", acknowledged_by="neuro-1", acknowledged_how="voice")
    assert incident_view(taken).words == "acknowledged by neuro-1, by phone key"


@pytest.mark.parametrize("state", [state for state in IncidentState if state != "open"])
def test_what_is_over_has_no_next_step(state: IncidentState) -> None:
    over = with_next_steps([row(state, next_step_at=NOW)], lambda _: POLICY)[0]
    assert (incident_view(over).next_step_at, incident_view(over).next_words) == (None, "")


@pytest.mark.parametrize(
    ("step", "words"),
    [
        (0, "step 1 of 4: SMS to tier 1"),
        (1, "step 2 of 4: Phone call to tier 1"),
        (2, "step 3 of 4: SMS and Phone call to tier 2"),
        (3, "step 4 of 4: SMS and Phone call to everybody"),
        (4, "then the alarm here, at the ED desk"),
    ],
)
def test_what_comes_next(step: int, words: str) -> None:
    assert next_words(next_step_of(POLICY, step)) == words
    soon = NOW + timedelta(seconds=20)
    (planned,) = with_next_steps([row(step=step, next_step_at=soon)], lambda _: POLICY)
    assert (incident_view(planned).next_step_at, incident_view(planned).next_words) == (soon, words)


def test_a_failed_page_says_why() -> None:
    failed = incident(page("failed", last_error="no_answer"))
    assert incident_view(failed).pages[0].why == "no answer"


def test_nobody_answered_is_the_first_warning_of_the_row() -> None:
    (shown,) = board_view(board(case("a", incidents=(row("exhausted"),))), NOW).cases
    assert shown.warnings[0] == "NOBODY ANSWERED: call the stroke team by phone"
