"""The announced event: what it says of a study, what it never says, and that it always fits."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec
import pytest

from schemas.codec import decode
from schemas.events import StudyArrived
from schemas.priorities import Priority
from schemas.topics import STUDY_ARRIVED
from streams.core.readiness import ReadinessRule
from streams.gateway.arrival import ArrivalMaker, Readiness
from streams.gateway.facts import facts_of, values_of
from streams.gateway.index import Announcement, HeldInstance, HeldProblem, HeldStudy
from tests.streams.gateway.builders import KEY, STUDY, ct_slice

NOW = datetime(2024, 3, 1, 12, tzinfo=UTC)
MAKER = ArrivalMaker(site="test", site_key=KEY)


def held(number: int = 1, digest: str = "d", **changes: Any) -> HeldInstance:
    facts = facts_of(values_of(ct_slice(number, **changes)), site_key=KEY, zone=UTC)
    return HeldInstance(facts, "spool", digest, NOW + timedelta(seconds=number))


def make(*instances: HeldInstance, problems: tuple[HeldProblem, ...] = (), revision: int = 0) -> Announcement:
    study = HeldStudy(instances, problems, revision)
    return MAKER.make(STUDY, study, Readiness(ReadinessRule.QUIET, NOW + timedelta(minutes=1)))


def body(made: Announcement) -> StudyArrived:
    return msgspec.convert(decode(STUDY_ARRIVED, made.record.value, made.record.headers), StudyArrived)


def test_no_identity_leaves_in_key_body_or_headers() -> None:
    secrets: dict[str, Any] = {
        "PatientName": "SYNTHETIC-ROWAN^EVE",
        "PatientID": "SYN000100002",
        "PatientBirthDate": "19520714",
        "AccessionNumber": "SYNACC77",
        "IssuerOfPatientID": "WARD-9",
    }
    record = make(held(**secrets)).record
    told = record.key + record.value + b"".join(value for _, value in record.headers)
    assert [text for text in (*secrets.values(), "ROWAN", "19520714"[:6]) if text.encode() in told] == []


def test_the_most_urgent_order_speaks_for_the_study() -> None:
    instances = held(1), held(2, RequestedProcedurePriority="STAT"), held(3, RequestedProcedurePriority="LOW")
    assert body(make(*instances)).priority is Priority.STAT


def test_a_stack_speaks_for_a_series_that_begins_with_a_localizer() -> None:
    scout = held(0, ImageType=["ORIGINAL", "PRIMARY", "LOCALIZER"], SliceThickness="5")
    [series] = body(make(scout, held(1), held(2))).series
    assert (series.instances, series.slice_thickness_mm, series.image_type[-1]) == (3, 1.0, "AXIAL")


def test_event_id_names_the_content_and_the_revision() -> None:
    first = make(held(1)).event_id
    assert make(held(1)).event_id == first
    others = make(held(1, "other pixels")), make(held(1), held(2)), make(held(1), revision=1)
    assert first not in {one.event_id for one in others}


@pytest.mark.parametrize("already", [0, 1, 7])
def test_revision_counts_on_from_the_last_announcement(already: int) -> None:
    assert body(make(held(1), revision=already)).revision == already + 1


def test_problems_and_missing_instances_are_told() -> None:
    cut = HeldProblem("pixel_data_cut", "spool", NOW)
    told = body(make(held(1, NumberOfStudyRelatedInstances=9), problems=(cut,))).problems
    assert told == ("pixel_data_cut", "instances_missing: 1 of 9")


def test_a_problem_alone_makes_an_event() -> None:
    event = body(make(problems=(HeldProblem("pixel_data_cut", "spool", NOW),)))
    assert (event.source, event.series, event.problems) == ("spool", (), ("pixel_data_cut",))


def test_a_clock_that_is_ahead_of_ours_is_not_believed() -> None:
    assert body(make(held(1, AcquisitionDate="20990101"))).clocks.acquired_at is None
    assert body(make(held(1))).clocks.acquired_at == datetime(2024, 3, 1, 10, 15, 1, tzinfo=UTC)


def test_absurd_headers_leave_out_series_and_never_the_event() -> None:
    long = ["\U0001f9e0" * 128]
    absurd = {"SeriesDescription": long, "BodyPartExamined": long, "ViewPosition": long, "ImageType": long * 500}

    def instance(number: int) -> HeldInstance:
        own = values_of(ct_slice(1, series=str(number)))
        facts = facts_of(lambda word: absurd.get(word) or own(word), site_key=KEY, zone=UTC)
        return HeldInstance(facts, "spool", "d", NOW)

    event = body(make(*(instance(number) for number in range(1, 201))))
    assert 0 < len(event.series) < 200
    assert event.problems == (f"series_left_out: more than {len(event.series)}",)
