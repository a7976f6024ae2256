"""Readiness and its event do not depend on the order in which instances arrive."""

from __future__ import annotations

import dataclasses
from datetime import UTC, datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory

from hypothesis import given, settings
from hypothesis import strategies as st

from schemas.codec import decode
from schemas.topics import STUDY_ARRIVED
from streams.core.readiness import Patience, ReadinessRule, Sending, decide
from streams.gateway.arrival import ArrivalMaker, Readiness, content_hash
from streams.gateway.facts import InstanceFacts
from streams.gateway.index import HeldInstance, HeldStudy, Index
from streams.gateway.progress import TrackedStudy
from streams.gateway.tracker import Tracker

T0 = datetime(2024, 3, 1, 10, tzinfo=UTC)
MAKER = ArrivalMaker(site="test", site_key=b"k" * 32)


def facts(number: int) -> InstanceFacts:
    series = number % 2
    return InstanceFacts(
        study_uid="1.2",
        series_uid=f"1.2.{series}",
        sop_uid=f"1.2.{series}.{number}",
        sop_class_uid="1.2.840.10008.5.1.4.1.1.2",
        modality="CT",
        patient_key="p",
        series_description=f"text {number % 3}",
        position_mm=float(number // 2),
    )


def held(order: list[int], gaps_ms: list[int]) -> HeldStudy:
    at, instances = T0, []
    for number, gap in zip(order, gaps_ms, strict=True):
        at += timedelta(milliseconds=gap)
        instances.append(HeldInstance(facts(number), "spool", str(number), at))
    return HeldStudy(tuple(instances), (), 0)


@st.composite
def two_orders(draw: st.DrawFn) -> tuple[HeldStudy, HeldStudy]:
    numbers = sorted(draw(st.sets(st.integers(0, 40), min_size=1, max_size=30)))
    gaps = draw(st.lists(st.integers(0, 4000), min_size=len(numbers), max_size=len(numbers)))
    first, second = (draw(st.permutations(numbers)) for _ in range(2))
    return held(first, gaps), held(second, gaps)


@given(two_orders(), st.integers(0, 120_000))
def test_decision_is_the_same_in_any_order(orders: tuple[HeldStudy, HeldStudy], after_ms: int) -> None:
    now = T0 + timedelta(milliseconds=after_ms)
    first, second = (decide(TrackedStudy(one, None).progress(), Patience(), now) for one in orders)
    assert first == second


@given(two_orders())
def test_event_is_the_same_in_any_order(orders: tuple[HeldStudy, HeldStudy]) -> None:
    ready = Readiness(ReadinessRule.QUIET, T0)
    first, second = (MAKER.make("1.2", one, ready) for one in orders)
    assert first.event_id == second.event_id
    assert decode(STUDY_ARRIVED, first.record.value, None) == decode(STUDY_ARRIVED, second.record.value, None)
    assert content_hash(orders[0]) == content_hash(orders[1])


@given(two_orders(), st.integers(0, 60_000))
def test_a_wait_always_ends(orders: tuple[HeldStudy, HeldStudy], after_ms: int) -> None:
    progress, patience = TrackedStudy(orders[0], None).progress(), Patience()
    now = T0 + timedelta(milliseconds=after_ms)
    for _ in range(5):
        decision = decide(progress, patience, now)
        if decision.ready:
            return
        assert decision.wake_at is not None
        assert decision.wake_at > now
        now = decision.wake_at
    raise AssertionError("not ready after five waits")


@given(two_orders(), st.sampled_from(Sending), st.integers(0, 600))
def test_a_study_is_ready_at_the_hard_limit(
    orders: tuple[HeldStudy, HeldStudy], sending: Sending, expected: int
) -> None:
    progress = dataclasses.replace(TrackedStudy(orders[0], None).progress(), sending=sending, expected=expected)
    limit = min(progress.arrivals) + timedelta(seconds=Patience().hard_limit_s)
    assert decide(progress, Patience(), limit).ready


@settings(max_examples=25, deadline=None)
@given(st.lists(st.sets(st.integers(0, 12), min_size=1, max_size=6), min_size=1, max_size=5))
def test_revisions_only_count_up_and_cover_each_instance_once(deliveries: list[set[int]]) -> None:
    with TemporaryDirectory() as folder:
        index, now, told = Index(Path(folder) / "index.sqlite"), T0, []
        tracker = Tracker(index, MAKER, Patience(), started_at=T0)
        for numbers in deliveries:
            for number in numbers:
                tracker.add(HeldInstance(facts(number), "spool", str(number), now))
            now += timedelta(minutes=5)
            told += tracker.announce_due(now)
            now += timedelta(minutes=5)
        covered = [one.revision for one in index.study("1.2").instances]
        index.close()
    assert [one.revision for one in told] == list(range(1, len(told) + 1))
    assert len(covered) == len(set.union(*deliveries))
    assert set(covered) == {one.revision for one in told}
