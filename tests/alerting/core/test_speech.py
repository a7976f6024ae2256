"""The words of a call: closed tables, spelt code, short enough, and never who."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from alerting.channels.twilio.twiml import answer_twiml, call_twiml
from alerting.core.keys import KeyOutcome
from alerting.core.speech import ANSWERS, GOODBYE, spelt, spoken, voice_script
from alerting.core.wording import DISCLAIMER, CaseFacts, marker_in, marker_of
from schemas.findings import Finding, FindingState, Location, Measurement, Side, Urgency
from tests.alerting.core.test_wording import CANARIES, FACTS, FINDINGS
from triton_models.postprocessing.stroke import SEGMENTS as STROKE_SEGMENTS

NOW = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
CASE = CaseFacts(reference="K7FQ", arrived_at=NOW, acquired_at=NOW - timedelta(minutes=4, seconds=30))
LVO = Finding(
    code="lvo",
    state=FindingState.DETECTED,
    urgency=Urgency.EMERGENCY,
    location=Location(side=Side.LEFT, segment="M1"),
)
LONGEST_TWIML = 4000  # Twilio, Calls resource: parameter Twiml
PLAIN = re.compile(r"[A-Za-z0-9 ,.:-]+")


def test_a_script_says_what_where_when_how_to_answer_and_that_it_is_research() -> None:
    assert voice_script(LVO, CASE, step=1, now=NOW, keys=True) == (
        f"This is code stroke. {DISCLAIMER} Emergency. Large vessel occlusion suspected, left, M 1. "
        "Case K, 7, F, Q. 4 minutes since the scan. "
        "Press 4 to take it, 5 to pass it on, 6 if you cannot take it, star to hear it again. #K7FQ-LVO1"
    )


def test_where_no_key_can_be_pressed_the_answer_is_a_text_message() -> None:
    script = voice_script(LVO, CASE, step=1, now=NOW, keys=False)
    assert "answer by text message: 1 and the case code, K, 7, F, Q." in script
    assert "Press" not in script


@given(FINDINGS, FACTS, st.integers(0, 99), st.booleans())
def test_free_text_never_reaches_a_script(finding: Finding, case: CaseFacts, step: int, keys: bool) -> None:
    words = spoken(voice_script(finding, case, step=step, now=NOW, keys=keys))
    assert not any(canary in words for canary in CANARIES)
    assert PLAIN.fullmatch(words)


@given(FINDINGS, FACTS, st.integers(0, 99), st.booleans())
def test_a_script_carries_its_mark_and_does_not_speak_it(
    finding: Finding, case: CaseFacts, step: int, keys: bool
) -> None:
    script = voice_script(finding, case, step=step, now=NOW, keys=keys)
    assert marker_in(script) == marker_of(case.reference, finding.code, step)
    assert "#" not in spoken(script)
    assert spelt(case.reference) in spoken(script)


@given(FINDINGS, FACTS, st.booleans())
def test_every_call_fits_the_provider(finding: Finding, case: CaseFacts, keys: bool) -> None:
    script = voice_script(finding, case, step=99, now=NOW, keys=keys)
    url = "https://codestroke.hospital.example.org/webhooks/twilio/keys/" + "x" * 150 if keys else None
    assert len(call_twiml(script, keys_url=url, language="en-US")) <= LONGEST_TWIML


@pytest.mark.parametrize("segment", STROKE_SEGMENTS)
def test_abbreviated_segments_of_the_stroke_model_are_spelt_and_words_are_read(segment: str) -> None:
    finding = Finding(code="lvo", state=FindingState.DETECTED, location=Location(side=Side.RIGHT, segment=segment))
    script = voice_script(finding, CASE, step=0, now=NOW, keys=True)
    said = segment if segment.islower() else " ".join(segment.replace("-", ""))
    assert f"suspected, right, {said}. Case" in script


def test_a_diameter_is_said_in_millimetres_and_one_minute_is_one() -> None:
    size = Measurement(name="max_diameter", value=57.4, unit="mm")
    finding = Finding(code="aaa", state=FindingState.DETECTED, measurements=(size,))
    script = voice_script(finding, CASE, step=0, now=NOW - timedelta(minutes=3), keys=True)
    assert "Abdominal aortic aneurysm suspected, 57 millimetres. Case" in script
    assert "1 minute since the scan." in script


@pytest.mark.parametrize("outcome", KeyOutcome)
def test_every_outcome_of_a_key_is_answered_in_words(outcome: KeyOutcome) -> None:
    twiml = answer_twiml(outcome, "Words. #K7FQ-LVO1", keys_url="https://x.example/k", language="en-US")
    assert ANSWERS[outcome] in twiml
    assert ("Words." in twiml, GOODBYE in twiml) == (outcome.asks_again, outcome.asks_again)
