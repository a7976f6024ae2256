"""Page texts: one GSM-7 segment, no patient data, always a code to answer with."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from alerting.core.gsm7 import is_one_segment, septets
from alerting.core.replies import OPT_OUT_WORDS, ReplyKind, parse_reply
from alerting.core.wording import CaseFacts, marker_in, marker_of, page_text
from schemas.findings import Finding, FindingState, Location, Measurement, Side, Urgency
from schemas.ids import case_id_of, case_reference, study_uid
from triton_models.postprocessing.stroke import SEGMENTS as STROKE_SEGMENTS

NOW = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
CANARIES = ("DOE^JANE", "19700401", "MRN-77231", "ACC0099881")
ANY_TEXT = st.one_of(st.text(max_size=40), st.sampled_from(CANARIES))
CODES = st.one_of(st.sampled_from(["lvo", "aaa", "pneumonia"]), ANY_TEXT)
SEGMENTS = st.one_of(st.sampled_from(["M1", "ICA-T", "infrarenal", "basilar"]), ANY_TEXT)
REFERENCES = st.integers(0, 10**6).map(lambda n: case_reference(case_id_of(b"k", study_uid(f"1.2.{n}"))))
MEASUREMENTS = st.builds(
    Measurement, name=st.sampled_from(["max_diameter", "volume"]), value=st.floats(), unit=st.sampled_from(["mm", "ml"])
)
FINDINGS = st.builds(
    Finding,
    code=CODES,
    state=st.just(FindingState.DETECTED),
    urgency=st.sampled_from(list(Urgency)),
    reason=ANY_TEXT,
    location=st.builds(Location, side=st.sampled_from(list(Side)), segment=SEGMENTS),
    measurements=st.lists(MEASUREMENTS, max_size=2).map(tuple),
)
FACTS = st.builds(
    CaseFacts,
    reference=REFERENCES,
    arrived_at=st.timedeltas(timedelta(days=-400), timedelta(days=2)).map(lambda ago: NOW + ago),
    acquired_at=st.none() | st.timedeltas(timedelta(days=-2), timedelta()).map(lambda ago: NOW + ago),
    site=st.one_of(st.just("north-wing-2"), st.text(max_size=30)),
)


@given(FINDINGS, FACTS, st.integers(0, 99))
def test_every_page_is_one_segment(finding: Finding, case: CaseFacts, step: int) -> None:
    assert is_one_segment(page_text(finding, case, step=step, now=NOW))


@given(FINDINGS, FACTS)
def test_free_text_never_reaches_a_page(finding: Finding, case: CaseFacts) -> None:
    text = page_text(finding, case, step=0, now=NOW)
    assert not any(canary in text for canary in CANARIES)


@given(FINDINGS, FACTS)
def test_the_answer_that_a_page_asks_for_acknowledges_it(finding: Finding, case: CaseFacts) -> None:
    text = page_text(finding, case, step=0, now=NOW)
    asked = text.split("Reply ")[1].split(" = ")[0]
    assert parse_reply(asked).kind is ReplyKind.ACKNOWLEDGE
    assert parse_reply(asked).reference == case.reference


@given(FINDINGS, FACTS, st.integers(0, 99))
def test_a_page_carries_its_mark(finding: Finding, case: CaseFacts, step: int) -> None:
    text = page_text(finding, case, step=step, now=NOW)
    assert marker_in(text) == marker_of(case.reference, finding.code, step)


def test_a_page_says_what_where_when_and_that_it_is_research() -> None:
    finding = Finding(
        code="lvo",
        state=FindingState.DETECTED,
        urgency=Urgency.EMERGENCY,
        location=Location(side=Side.LEFT, segment="M1"),
    )
    case = CaseFacts(reference="K7FQ", arrived_at=NOW, acquired_at=NOW - timedelta(minutes=4, seconds=30))
    text = page_text(finding, case, step=0, now=NOW)
    assert text.startswith("CODESTROKE EMERGENCY: LVO suspected, left M1. Case K7FQ, 4 min since scan.")
    assert "research software, not a diagnosis" in text


@pytest.mark.parametrize("segment", STROKE_SEGMENTS)
def test_every_segment_that_the_stroke_model_names_is_in_the_vocabulary(segment: str) -> None:
    finding = Finding(code="lvo", state=FindingState.DETECTED, location=Location(side=Side.RIGHT, segment=segment))
    text = page_text(finding, CaseFacts(reference="K7FQ", arrived_at=NOW), step=0, now=NOW)
    assert f"LVO suspected, right {segment}. Case" in text


def test_the_largest_diameter_is_said_in_whole_millimetres() -> None:
    sizes = tuple(Measurement(name=f"{n}_diameter_mm", value=v, unit="mm") for n, v in (("minor", 50.0), ("max", 57.4)))
    place = Location(side=Side.MIDLINE, segment="abdominal aorta")
    finding = Finding(code="aaa", state=FindingState.DETECTED, measurements=sizes, location=place)
    text = page_text(finding, CaseFacts(reference="K7FQ", arrived_at=NOW), step=0, now=NOW)
    assert "AAA suspected, 57 mm." in text


def test_a_curly_quote_does_not_fit_and_brackets_count_twice() -> None:
    assert septets("\u2019") is None
    assert septets("[]") == 4


def test_opt_out_words_are_never_in_the_grammar() -> None:
    assert {parse_reply(word).kind for word in OPT_OUT_WORDS} == {ReplyKind.OPT_OUT}
