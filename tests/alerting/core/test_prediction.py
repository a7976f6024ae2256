"""The prediction of a missed deadline, rule by rule."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from alerting.core.prediction import ENOUGH, Outlook, outlook

FAST, STUCK = [5.0] * 80, [200.0] * 20


def _of(durations: list[float], age_s: float) -> Outlook:
    return outlook(durations, age_s=age_s, budget_s=180, least_share=0.2)


def test_a_young_case_is_like_the_many_that_were_fast() -> None:
    assert _of(FAST + STUCK, 1) is Outlook.IN_TIME


def test_a_case_that_outlives_the_fast_ones_is_like_those_that_missed() -> None:
    assert _of(FAST + STUCK, 6) is Outlook.SLOW


def test_a_slow_pathway_that_is_in_time_is_not_called_late() -> None:
    assert _of([100.0] * 50, 90) is Outlook.IN_TIME


@pytest.mark.parametrize(("age_s", "expected"), [(143, Outlook.IN_TIME), (145, Outlook.LITTLE_LEFT)])
def test_without_history_only_the_time_left_counts(age_s: float, expected: Outlook) -> None:
    assert _of([], age_s) is expected
    assert _of([200.0] * (ENOUGH - 1), age_s) is expected


@given(st.lists(st.floats(0, 400), max_size=60), st.floats(0, 400))
def test_slower_histories_never_look_better(durations: list[float], age_s: float) -> None:
    if _of(durations, age_s) is Outlook.SLOW:
        assert _of([*durations, 300.0 + age_s], age_s) is Outlook.SLOW
