"""The record as FHIR R4B; the library's own parser is the judge."""

from __future__ import annotations

from typing import Any

from fhir.resources.R4B.bundle import Bundle

from alerting.record.fhir import bundle_of
from alerting.record.rows import Account, rows_of
from tests.alerting.record.builders import OPENED, account, answer, call, page


def _exported(of: Account) -> list[dict[str, Any]]:
    text = bundle_of(rows_of(of), now=OPENED).model_dump_json()
    bundle = Bundle.model_validate_json(text)
    assert bundle.type == "collection"
    return [entry["resource"] for entry in bundle.model_dump(mode="json").get("entry", [])]


def test_a_communication_has_the_six_fields() -> None:
    (told,) = _exported(account(page()))
    assert told["status"] == "completed"
    assert told["reasonCode"] == [{"text": "lvo detected, left M1"}]
    assert told["note"][0]["time"] == "2026-11-24T14:10:00Z"
    assert told["sender"]["display"] == "codestroke at North"
    assert told["recipient"][0]["identifier"]["value"] == "neuro-1"
    assert told["sent"] == "2026-11-24T14:10:01Z"
    assert told["medium"][0]["text"] == "SMS"


def test_the_patient_is_the_sites_pseudonym_alone() -> None:
    (told,) = _exported(account(page()))
    identifier = {"system": "urn:codestroke:patient-key", "value": "p-key"}
    assert told["subject"] == {"type": "Patient", "identifier": identifier}


def test_a_call_that_failed_is_not_done_and_says_why() -> None:
    (told,) = _exported(account(call(state="failed", accepted_at=None, delivered_at=None, last_error="no-answer")))
    assert (told["status"], told["statusReason"]) == ("not-done", {"text": "no-answer"})
    assert told["medium"][0]["coding"][0]["code"] == "PHONE"
    assert "received" not in told


def test_an_answer_on_the_board_is_told_by_the_desk() -> None:
    (told,) = _exported(account(answers=(answer(how="board", at_s=40),)))
    assert told["sender"] == {"type": "Organization", "display": "ED desk of North"}
    assert told["received"] == "2026-11-24T14:10:40Z"
    assert "payload" not in told


def test_ids_are_the_same_at_every_export() -> None:
    of = account(page(), call(possible_duplicate=True))
    first, second = ([each["id"] for each in _exported(of)] for _ in range(2))
    assert first == second
    assert len(set(first)) == 2


def test_nothing_told_is_a_bundle_without_entries() -> None:
    assert "entry" not in bundle_of((), now=OPENED).model_dump(mode="json")
