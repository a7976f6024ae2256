"""Readiness and its event do not depend on the order in which instances arrive."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from schemas.codec import decode
from schemas.topics import STUDY_ARRIVED
from streams.core.readiness import Patience, ReadinessRule, decide
from streams.gateway.arrival import ArrivalMaker, Readiness, content_hash
from streams.gateway.facts import InstanceFacts
from streams.gateway.index import HeldInstance, HeldStudy
from streams.gateway.progress import TrackedStudy

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
