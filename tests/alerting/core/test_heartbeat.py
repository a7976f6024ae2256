"""The heartbeat's judgement, rule by rule."""

from __future__ import annotations

import math
from datetime import UTC, datetime, timedelta

import pytest

from alerting.core.heartbeat import Beat, PathState, age_s, beat_id, path_state

NOW = datetime(2031, 3, 30, 0, 59, 59, tzinfo=UTC)


def _beat(made_s_ago: float, took_s: float | None = None) -> Beat:
    made_at = NOW - timedelta(seconds=made_s_ago)
    return Beat(made_at, None if took_s is None else made_at + timedelta(seconds=took_s))


@pytest.mark.parametrize(
    ("beats", "expected"),
    [
        ([], PathState.UNKNOWN),
        ([_beat(30)], PathState.UNKNOWN),
        ([_beat(30, 2)], PathState.PROVEN),
        ([_beat(121)], PathState.MISSED),
        ([_beat(200, 121)], PathState.MISSED),
        ([_beat(30), _beat(3630)], PathState.MISSED),
        ([_beat(30), _beat(3630, 2)], PathState.PROVEN),
        ([_beat(30, 2), _beat(3630)], PathState.PROVEN),
    ],
)
def test_the_newest_that_is_over_decides(beats: list[Beat], expected: PathState) -> None:
    assert path_state(beats, within_s=120, now=NOW) is expected


def test_one_in_an_interval() -> None:
    ids = [beat_id("desk", every_s=3600, now=NOW + timedelta(seconds=s)) for s in (-60, 0, 2)]
    assert ids[0] == ids[1] != ids[2]


def test_the_age_is_that_of_the_last_that_arrived() -> None:
    assert age_s([_beat(30), _beat(3630, 2)], NOW) == 3630
    assert age_s([_beat(30)], NOW) == math.inf
