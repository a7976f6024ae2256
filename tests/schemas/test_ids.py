"""Identifiers are parsed at the edge and say nothing about the patient."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.errors import MalformedEvent
from schemas.ids import case_id_of, case_reference, event_id_of, is_uid, parse_case_id, patient_key_of, study_uid

KEY = b"a site key of the tests"


@pytest.mark.parametrize(
    "text", ["", "1..2", ".1", "1.", "1.2\n", "../1", "1.2/3", "1.2'", "a", "1" * 65, "\uff11.\uff12"]
)
def test_what_is_not_a_uid_is_refused(text: str) -> None:
    assert not is_uid(text)
    with pytest.raises(MalformedEvent):
        study_uid(text)


@given(st.lists(st.integers(0, 10**6), min_size=1, max_size=8))
def test_case_ids_are_repeatable_well_formed_and_hide_the_uid(parts: list[int]) -> None:
    uid = study_uid(".".join(map(str, parts)))
    case_id = case_id_of(KEY, uid)
    assert parse_case_id(case_id) == case_id_of(KEY, uid)
    assert case_id_of(b"another key of the tests", uid) != case_id


def test_patients_of_two_issuers_are_two_patients() -> None:
    assert patient_key_of(KEY, "1", "A") != patient_key_of(KEY, "1", "B")
    assert patient_key_of(KEY, "1", "A") == patient_key_of(KEY, "1", "A")


def test_the_same_content_has_the_same_event_id() -> None:
    assert event_id_of("c", "kind", "1") == event_id_of("c", "kind", "1") != event_id_of("c", "kind", "2")


def test_references_are_short_and_have_no_look_alikes() -> None:
    case_id = case_id_of(KEY, study_uid("1.2.3"))
    codes = {case_reference(case_id, salt) for salt in range(50)}
    assert len(codes) > 45
    assert not set("".join(codes)) & set("01IOBSEAUYZNL")


def test_a_foreign_case_id_is_refused() -> None:
    with pytest.raises(MalformedEvent):
        parse_case_id("c" + "a" * 16 + "\n")
