"""Where the gateway's event sends each simulated study: to its own pathway, and the knee to none."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime

import msgspec
import pytest
from pydicom.dataset import Dataset

from schemas.codec import decode
from schemas.events import StudyArrived
from schemas.topics import STUDY_ARRIVED
from simulator.render import Order, render
from simulator.shift import demo_shift
from simulator.specs import AbdomenCt, ChestFilm, FilmModality, HeadCt, KneeCt, Spec
from streams.core.readiness import ReadinessRule
from streams.gateway.arrival import ArrivalMaker, Readiness
from streams.gateway.facts import facts_of, values_of
from streams.gateway.index import HeldInstance, HeldStudy
from streams.pathways import all_pathways, find_pathway

KEY = b"a key for tests only, 32 bytes.."
NOW = datetime(2026, 3, 1, 4, tzinfo=UTC)


def announced(instances: Iterable[Dataset]) -> tuple[StudyArrived, bytes]:
    """The event that the gateway makes of a study, and its bytes on the wire."""
    facts = [facts_of(values_of(one), site_key=KEY, zone=UTC) for one in instances]
    held = HeldStudy(tuple(HeldInstance(one, "spool", "", NOW) for one in facts), (), 0)
    maker = ArrivalMaker(site="test", site_key=KEY)
    record = maker.make(facts[0].study_uid, held, Readiness(ReadinessRule.QUIET, NOW)).record
    event = msgspec.convert(decode(STUDY_ARRIVED, record.value, record.headers), StudyArrived)
    return event, record.value + b"".join(value for _, value in record.headers)


@pytest.mark.parametrize(
    ("spec", "wanted"),
    [
        (HeadCt(), {"stroke"}),
        (HeadCt(contrast=False), {"stroke"}),
        (AbdomenCt(diameter_mm=60.0), {"aorta"}),
        (ChestFilm(rows=128), {"chest"}),
        (ChestFilm(rows=128, modality=FilmModality.CR), {"chest"}),
        (KneeCt(), set()),
    ],
)
def test_each_study_goes_to_its_own_pathway(spec: Spec, wanted: set[str]) -> None:
    event, _ = announced(render(Order(seed=1, number=1, spec=spec)))
    assert {pathway.name for pathway in all_pathways() if pathway.eligible(event).eligible} == wanted


def test_the_knee_is_refused_by_every_pathway_with_a_reason() -> None:
    event, _ = announced(render(Order(seed=1, number=1, spec=KneeCt())))
    reasons = {pathway.name: pathway.eligible(event).reason for pathway in all_pathways()}
    assert reasons["stroke"] == reasons["aorta"] == "body region knee"
    assert reasons["chest"] == "modality CT is not read by this pathway"


def test_a_shift_expects_only_what_the_pathways_will_judge() -> None:
    for arrival in demo_shift().arrivals:
        find_pathway(arrival.expected.pathway)


@pytest.mark.parametrize("spec", [HeadCt(), ChestFilm(rows=128)])
def test_no_canary_leaves_in_the_event(spec: Spec) -> None:
    order = Order(seed=3, number=4, spec=spec)
    _, told = announced(render(order))
    assert [text for text in order.patient.canaries if text.encode() in told] == []
