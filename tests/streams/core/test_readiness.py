"""When a study is complete: each rule, its order, its waits."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from streams.core.readiness import (
    Decision,
    Patience,
    ReadinessRule,
    Sending,
    SeriesProgress,
    Shape,
    StudyProgress,
    decide,
    geometry_wait_s,
    quiet_time_s,
)

T0 = datetime(2024, 3, 1, 10, tzinfo=UTC)
PATIENCE = Patience(geometry_wait_s=0.5, quiet_min_s=2, quiet_max_s=8, amend_quiet_s=8, hard_limit_s=60)


def at(seconds: float) -> datetime:
    return T0 + timedelta(seconds=seconds)


def stack(count: int, *, missing: int | None = None, **changes: Any) -> SeriesProgress:
    positions = tuple(float(n) for n in range(count + (missing is not None)) if n != missing)
    plain: dict[str, Any] = {"shape": Shape.STACK, "instances": count, "pending": count, "positions_mm": positions}
    return SeriesProgress(**(plain | changes))


def study(series: SeriesProgress | None = None, *, pace_s: float = 0.01, **changes: Any) -> StudyProgress:
    held = series or stack(10)
    arrivals = tuple(at(n * pace_s - (held.pending - 1) * pace_s) for n in range(held.pending))
    return StudyProgress(**({"series": {"1": held}, "arrivals": arrivals} | changes))


def released(series: SeriesProgress | None = None, **changes: Any) -> StudyProgress:
    plain: dict[str, Any] = {"sending": Sending.RELEASED, "released_at": T0}
    return study(series, **(plain | changes))


def test_nothing_pending_is_never_ready() -> None:
    assert decide(StudyProgress(), PATIENCE, at(1e6)) == Decision(ready=False)


def test_expected_count_is_ready_at_once() -> None:
    assert decide(study(expected=10), PATIENCE, T0) == Decision(ready=True, rule=ReadinessRule.EXPECTED_COUNT)


def test_release_without_gap_waits_for_the_geometry_wait() -> None:
    early = decide(released(), PATIENCE, at(0.49))
    assert (early.ready, early.wake_at) == (False, at(0.5))
    assert decide(released(), PATIENCE, at(0.5)).rule is ReadinessRule.RELEASED_AND_GAP_FREE


@pytest.mark.parametrize(
    "incomplete",
    [
        released(stack(10, missing=4)),
        released(stack(2)),
        released(stack(10, expected=12)),
        released(expected=11),
        released(sending=Sending.ABORTED),
        released(sending=Sending.OPEN),
        study(sending=Sending.UNKNOWN),
    ],
)
def test_geometry_does_not_speak_for(incomplete: StudyProgress) -> None:
    assert decide(incomplete, PATIENCE, at(1.9)).ready is False


def test_missing_slice_gets_the_longest_quiet_time() -> None:
    assert quiet_time_s(released(stack(10, missing=4)), PATIENCE) == 8
    assert decide(released(stack(10, missing=4)), PATIENCE, at(8)).rule is ReadinessRule.QUIET


def test_self_contained_images_need_no_geometry() -> None:
    film = SeriesProgress(shape=Shape.SELF_CONTAINED, instances=1, pending=1)
    assert decide(released(film), PATIENCE, at(0.5)).rule is ReadinessRule.RELEASED_AND_GAP_FREE


@pytest.mark.parametrize(("pace_s", "quiet_s"), [(0.01, 2.0), (1.0, 5.0), (3.0, 8.0)])
def test_quiet_time_follows_the_pace_within_bounds(pace_s: float, quiet_s: float) -> None:
    assert quiet_time_s(study(pace_s=pace_s), PATIENCE) == pytest.approx(quiet_s)


def test_few_arrivals_say_nothing_of_the_pace() -> None:
    assert quiet_time_s(study(stack(4)), PATIENCE) == 8


def test_one_association_per_slice_is_not_taken_for_the_end() -> None:
    assert geometry_wait_s(released(pace_s=0.8), PATIENCE) == pytest.approx(1.6)
    assert geometry_wait_s(released(pace_s=30), PATIENCE) == 2.0


def test_hard_limit_holds_while_slices_keep_coming() -> None:
    busy = study(stack(100), pace_s=0.7, sending=Sending.OPEN)
    assert decide(busy, PATIENCE, T0).rule is ReadinessRule.HARD_LIMIT


def test_late_slices_have_a_quiet_time_of_their_own() -> None:
    late = released(stack(10, pending=1), revision=1)
    assert decide(late, PATIENCE, at(7.9)).ready is False
    assert decide(late, PATIENCE, at(8)).rule is ReadinessRule.QUIET


def test_a_new_series_of_an_announced_study_waits_no_longer_than_a_first_one() -> None:
    later = released(revision=1)
    assert decide(later, PATIENCE, at(0.5)).rule is ReadinessRule.RELEASED_AND_GAP_FREE


def test_silence_while_the_gateway_was_down_does_not_count() -> None:
    after_restart = study(listening_since=at(100))
    assert decide(after_restart, Patience(hard_limit_s=1000), at(101)).ready is False


def test_a_problem_alone_becomes_ready_by_silence() -> None:
    broken = StudyProgress(arrivals=(T0,))
    assert decide(broken, PATIENCE, at(8)).rule is ReadinessRule.QUIET
