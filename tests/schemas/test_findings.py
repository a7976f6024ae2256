"""Words of a newer peer are read as unknown, and every ending says why."""

from __future__ import annotations

import enum

import msgspec
import pytest

from schemas.findings import Finding, FindingState, Measurement, Outcome, OutcomeKind, Side, Urgency
from schemas.ledger import Stage
from schemas.priorities import Priority


@pytest.mark.parametrize("kind", [FindingState, OutcomeKind, Urgency, Priority, Stage], ids=lambda kind: kind.__name__)
def test_a_word_of_a_newer_peer_is_unknown(kind: type[enum.StrEnum]) -> None:
    read = msgspec.json.decode(b'"a word of tomorrow"', type=kind)
    assert read.name == "UNKNOWN"


def test_a_side_of_a_newer_peer_is_no_side() -> None:
    assert msgspec.json.decode(b'"both"', type=Side) is Side.NONE


def test_an_unknown_state_is_never_taken_for_negative() -> None:
    assert FindingState("normal") is not FindingState.NOT_DETECTED
    assert OutcomeKind("done") is not OutcomeKind.SCORED


def test_a_failed_outcome_holds_its_reason_and_no_finding() -> None:
    failed = Outcome.failed("slices are missing")
    assert (failed.kind, failed.reason, failed.finding) == (OutcomeKind.FAILED, "slices are missing", None)


def test_a_scored_outcome_takes_its_reason_from_the_finding() -> None:
    finding = Finding(code="lvo", state=FindingState.INDETERMINATE, reason="no contrast in the arteries")
    assert Outcome.scored(finding) == Outcome(kind=OutcomeKind.SCORED, reason=finding.reason, finding=finding)


def test_a_measurement_is_found_by_its_name() -> None:
    diameter = Measurement(name="diameter", value=61.0, unit="mm")
    finding = Finding(code="aaa", state=FindingState.DETECTED, measurements=(diameter,))
    assert finding.measurement("diameter") is diameter
    assert finding.measurement("length") is None
