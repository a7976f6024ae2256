"""Every pair of state and event, against rules that are written without the table."""

from __future__ import annotations

import itertools

import pytest

from alerting.core.incidents import IncidentEffect, IncidentEvent, IncidentState, Move, advance

S, E, F = IncidentState, IncidentEvent, IncidentEffect
PAIRS = list(itertools.product(IncidentState, IncidentEvent))
ALARMED = {S.DECLINED, S.EXHAUSTED}
STEPPING = {E.STEP_DUE, E.STEPS_OVER}
BY_OTHERS = {E.MUTED, E.SILENCED}
HURRYING = {E.ASKED_ALL_DECLINED, E.ESCALATED, E.WITHDRAWN, E.UNREACHABLE}
ENDING = {
    E.STEPS_OVER: Move(S.EXHAUSTED, F.ALARM),
    E.ALL_DECLINED: Move(S.DECLINED, F.ALARM),
    E.ACKNOWLEDGED: Move(S.ACKNOWLEDGED, F.END),
    E.MUTED: Move(S.MUTED, F.END),
    E.SILENCED: Move(S.SILENCED, F.END),
}


def expected(state: IncidentState, event: IncidentEvent) -> Move:
    if state is S.OPEN:
        return _while_open(event)
    if event is E.ACKNOWLEDGED:
        return Move(S.ACKNOWLEDGED, F.CLEAR_ALARM if state in ALARMED else F.NOTE)
    if state is S.ACKNOWLEDGED and event is E.WITHDRAWN:
        return Move(S.OPEN, F.HURRY)
    impossible = event in STEPPING or (event in BY_OTHERS and state is not S.ACKNOWLEDGED)
    return Move(state, F.REFUSE if impossible else F.NOTE)


def _while_open(event: IncidentEvent) -> Move:
    if event in ENDING:
        return ENDING[event]
    if event in HURRYING:
        return Move(S.OPEN, F.HURRY)
    return Move(S.OPEN, F.PAGE if event is E.STEP_DUE else F.NOTE)


@pytest.mark.parametrize(("state", "event"), PAIRS, ids=str)
def test_every_pair_moves_by_the_rules(state: IncidentState, event: IncidentEvent) -> None:
    assert advance(state, event) == expected(state, event)


@pytest.mark.parametrize("event", list(IncidentEvent))
def test_an_open_incident_refuses_nothing(event: IncidentEvent) -> None:
    assert advance(S.OPEN, event).effect is not F.REFUSE


@pytest.mark.parametrize(("state", "event"), PAIRS, ids=str)
def test_who_ends_without_an_answer_alarms(state: IncidentState, event: IncidentEvent) -> None:
    move = advance(state, event)
    if move.state is not state and move.state in ALARMED:
        assert move.effect is F.ALARM


@pytest.mark.parametrize("state", [state for state in S if state is not S.OPEN])
def test_only_giving_back_what_was_taken_reopens(state: IncidentState) -> None:
    reopening = {event for event in E if advance(state, event).state is S.OPEN}
    assert reopening == ({E.WITHDRAWN} if state is S.ACKNOWLEDGED else set())
