"""Rules of the reading list, one test a rule."""

from __future__ import annotations

from datetime import timedelta

import pytest

from schemas.findings import Finding, FindingState, Outcome, Urgency
from schemas.priorities import Priority
from streams.core.ranking import InTier, Placement, RankInput, WaitLimits, place, rank
from streams.core.states import PathwayView
from tests.fakes.clock import START

LIMIT = timedelta(minutes=60)


def _view(outcome: Outcome | None) -> PathwayView:
    return PathwayView("stroke", True, outcome)


def _found(state: FindingState, urgency: Urgency = Urgency.ROUTINE, reason: str = "") -> Outcome:
    return Outcome.scored(Finding(code="lvo", state=state, urgency=urgency, reason=reason))


def _row(name: str, placement: Placement, minutes: float = 0) -> RankInput:
    at = START + timedelta(minutes=minutes)
    return RankInput(name, placement, at, at + LIMIT)


PLAIN = Placement(3, InTier.PLAIN, "routine")


def test_an_emergency_finding_leads_whatever_a_human_ordered() -> None:
    emergency = place(Priority.ROUTINE, [_view(_found(FindingState.DETECTED, Urgency.EMERGENCY))])
    stat = place(Priority.STAT, [_view(None)])
    order = rank([_row("stat", stat), _row("lvo", emergency, 5)], START + timedelta(minutes=6))
    assert [item.case_id for item in order] == ["lvo", "stat"]


def test_a_routine_finding_never_lowers_a_stat_order() -> None:
    placed = place(Priority.STAT, [_view(_found(FindingState.DETECTED, Urgency.ROUTINE))])
    assert placed.tier == place(Priority.STAT, []).tier


def test_a_negative_finding_changes_nothing_but_the_words() -> None:
    placed = place(Priority.HIGH, [_view(_found(FindingState.NOT_DETECTED))])
    assert (placed.tier, placed.in_tier) == (place(Priority.HIGH, []).tier, InTier.PLAIN)
    assert "not detected" in placed.reason


@pytest.mark.parametrize(
    "outcome", [Outcome.failed("PACS is away"), _found(FindingState.INDETERMINATE, reason="no contrast")]
)
def test_not_analysed_and_undecided_rank_above_negative(outcome: Outcome) -> None:
    unsure = place(Priority.ROUTINE, [_view(outcome)])
    negative = place(Priority.ROUTINE, [_view(_found(FindingState.NOT_DETECTED))])
    order = rank([_row("negative", negative), _row("unsure", unsure, 10)], START + timedelta(minutes=11))
    assert order[0].case_id == "unsure"


def test_a_failed_case_is_never_passed_by_one_that_came_later_and_failed_too() -> None:
    failed = place(Priority.ROUTINE, [_view(Outcome.failed("x"))])
    order = rank([_row("later", failed, 5), _row("first", failed)], START + timedelta(minutes=6))
    assert [item.case_id for item in order] == ["first", "later"]


def test_a_case_past_its_limit_is_promoted_and_says_so() -> None:
    stat = Placement(1, InTier.PLAIN, "ordered STAT")
    order = rank([_row("old", PLAIN), _row("stat", stat, 50)], START + timedelta(minutes=61))
    assert (order[0].case_id, order[0].promoted, order[0].reason) == ("old", True, "promoted: waited 61 min; routine")


def test_limits_follow_the_human_priority() -> None:
    limits = WaitLimits()
    assert (
        limits.of(Priority.STAT) < limits.of(Priority.HIGH) < limits.of(Priority.ROUTINE) == limits.of(Priority.UNKNOWN)
    )


def test_a_case_that_no_analysis_applies_to_is_not_under_way() -> None:
    assert place(Priority.ROUTINE, [_view(None)]).reason == "analysis under way"
    assert place(Priority.ROUTINE, [_view(Outcome.not_applicable("chest alone"))]).reason == "no analysis applies"
