"""A graver finding of the case mutes a lesser one, while it is being paged or has been taken."""

from __future__ import annotations

import pytest

from alerting.core.incidents import IncidentState
from alerting.core.inhibition import is_graver, is_muted
from schemas.findings import Urgency

GRAVEST_FIRST = (Urgency.EMERGENCY, Urgency.URGENT, Urgency.ROUTINE)
PAIRS = [(one, other) for one in GRAVEST_FIRST for other in GRAVEST_FIRST]


@pytest.mark.parametrize(("one", "other"), PAIRS)
def test_emergency_is_graver_than_urgent_than_routine(one: Urgency, other: Urgency) -> None:
    assert is_graver(one, other) == (GRAVEST_FIRST.index(one) < GRAVEST_FIRST.index(other))


@pytest.mark.parametrize("state", list(IncidentState))
def test_a_graver_one_mutes_only_while_somebody_is_asked_or_has_it(state: IncidentState) -> None:
    mutes = state in {IncidentState.OPEN, IncidentState.ACKNOWLEDGED}
    assert is_muted(Urgency.URGENT, [(Urgency.EMERGENCY, state)]) is mutes


@pytest.mark.parametrize("urgency", list(Urgency))
def test_one_as_grave_mutes_nothing(urgency: Urgency) -> None:
    assert not is_muted(urgency, [(urgency, IncidentState.OPEN)])


@pytest.mark.parametrize("urgency", list(Urgency))
def test_a_word_that_we_do_not_know_neither_mutes_nor_is_muted(urgency: Urgency) -> None:
    assert not is_muted(Urgency.UNKNOWN, [(urgency, IncidentState.OPEN)])
    assert not is_muted(urgency, [(Urgency.UNKNOWN, IncidentState.OPEN)])


def test_one_graver_among_several_is_enough() -> None:
    others = [(Urgency.ROUTINE, IncidentState.OPEN), (Urgency.EMERGENCY, IncidentState.ACKNOWLEDGED)]
    assert is_muted(Urgency.URGENT, others)
    assert not is_muted(Urgency.URGENT, [])
