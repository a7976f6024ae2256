"""What is written besides pages: one segment, never a stranger's words, always a mark to be found by."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from alerting.core import notices
from alerting.core.gsm7 import is_one_segment
from alerting.core.notices import Reaction, desk_text, reaction_text, with_mark
from alerting.core.wording import marker_in

ANY = st.text(max_size=200)


@given(st.sampled_from(list(Reaction)), ANY, ANY)
def test_every_answer_is_one_segment_and_carries_its_mark(reaction: Reaction, code: str, who: str) -> None:
    text = with_mark(reaction_text(reaction, code=code, who=who), "page-1")
    assert is_one_segment(text)
    assert marker_in(text) == text.split()[-1]


@given(ANY, ANY, ANY, ANY)
def test_every_text_to_the_desk_is_one_segment(kind: str, reference: str, team: str, who: str) -> None:
    assert is_one_segment(with_mark(desk_text(kind, reference=reference, team=team, who=who), kind, "D"))


def test_the_same_page_always_has_the_same_mark_and_another_has_another() -> None:
    assert with_mark("a", "page-1") == with_mark("a", "page-1") != with_mark("a", "page-2")


@pytest.mark.parametrize("reaction", list(Reaction))
def test_every_reaction_has_words(reaction: Reaction) -> None:
    assert reaction_text(reaction, code="K7FQ", who="ann").startswith("CODESTROKE: ")


def test_an_unknown_kind_still_tells_the_desk_that_something_is_wrong() -> None:
    assert desk_text("brand_new") == "CODESTROKE something needs attention, see the board"


def test_a_test_says_that_there_is_no_patient_and_a_heartbeat_asks_for_nothing() -> None:
    assert "no patient" in notices.test_text("K7FQ")
    assert "no patient" in notices.test_script("K7FQ")
    assert "No answer needed" in notices.heartbeat_text()
