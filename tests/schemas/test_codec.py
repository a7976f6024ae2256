"""The wire codec: round trips, versions, and what is not one of our events."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.codec import MAX_BODY_BYTES, Envelope, decode, encode, read_envelope
from schemas.errors import MalformedEvent, UnsupportedSchema
from schemas.events import CaseRequested, StudyArrived
from schemas.priorities import Lane, Priority
from schemas.topics import STUDY_ARRIVED, all_topics, case_requested
from tests.fakes.studies import study
from tests.schemas.bodies import any_body

NOW = datetime(2026, 3, 1, 3, 0, tzinfo=UTC)
BODIES = {topic.body: topic for topic in all_topics(["stroke"])}
ENVELOPE = Envelope(
    event_id="e", source="codestroke/router", subject="c", time=NOW, traceparent="00-a-b-01", deadline=NOW
)


@pytest.mark.parametrize("body", BODIES, ids=lambda body: body.__name__)
@given(data=st.data())
def test_what_is_encoded_is_decoded(body: type[msgspec.Struct], data: st.DataObject) -> None:
    event, topic = data.draw(any_body(body)), BODIES[body]
    record = encode(topic, "key", event, ENVELOPE)
    assert decode(topic, record.value, record.headers) == event


@given(data=st.data(), cut=st.integers(0, 10_000), junk=st.binary(max_size=8))
def test_a_damaged_body_is_read_or_malformed_and_nothing_else(data: st.DataObject, cut: int, junk: bytes) -> None:
    topic = BODIES[body := data.draw(st.sampled_from(sorted(BODIES, key=lambda kind: kind.__name__)))]
    whole = encode(topic, "key", data.draw(any_body(body)), ENVELOPE).value
    cut %= len(whole)
    with suppress(MalformedEvent):
        assert isinstance(decode(topic, whole[:cut] + junk + whole[cut + 1 :], []), body)


@pytest.mark.parametrize("part", ["body", "key", "header"])
def test_a_text_that_is_not_unicode_is_refused_before_it_is_sent(part: str) -> None:
    body = msgspec.structs.replace(study(), description="\ud800" if part == "body" else "")
    envelope = replace(ENVELOPE, subject="\ud800" if part == "header" else "c")
    with pytest.raises(MalformedEvent, match="not Unicode"):
        encode(STUDY_ARRIVED, "\ud800" if part == "key" else "key", body, envelope)


def test_a_body_too_large_is_refused_before_it_is_sent() -> None:
    with pytest.raises(MalformedEvent, match="exceeds"):
        encode(STUDY_ARRIVED, "key", msgspec.structs.replace(study(), description="x" * MAX_BODY_BYTES), ENVELOPE)


def test_the_envelope_travels_in_headers() -> None:
    record = encode(STUDY_ARRIVED, "key", study(), ENVELOPE)
    read = read_envelope(record.headers)
    assert (read.event_id, read.traceparent, read.deadline, read.time) == ("e", "00-a-b-01", NOW, NOW)
    assert dict(record.headers)["ce_specversion"] == b"1.0"


def test_a_newer_minor_version_with_unknown_fields_and_words_is_read() -> None:
    body = msgspec.to_builtins(study())
    body |= {"new_field": {"a": 1}, "priority": "super-stat"}
    read = decode(STUDY_ARRIVED, msgspec.json.encode(body), [("schema-version", b"1.7")])
    assert isinstance(read, StudyArrived)
    assert read.priority is Priority.UNKNOWN


@pytest.mark.parametrize("version", ["one", "-1", "²"])
def test_a_version_that_is_none_is_refused(version: str) -> None:
    with pytest.raises(MalformedEvent, match="not a version"):
        decode(STUDY_ARRIVED, msgspec.json.encode(study()), [("schema-version", version.encode())])


def test_a_version_header_without_a_value_says_nothing() -> None:
    assert decode(STUDY_ARRIVED, msgspec.json.encode(study()), [("schema-version", b"")]) == study()


def test_a_time_without_a_zone_is_refused() -> None:
    raw = msgspec.json.encode(study()).replace(b"Z", b"")
    with pytest.raises(MalformedEvent):
        decode(STUDY_ARRIVED, raw, [])


def test_another_major_version_is_refused() -> None:
    with pytest.raises(UnsupportedSchema):
        decode(STUDY_ARRIVED, msgspec.json.encode(study()), [("schema-version", b"2.0")])


@pytest.mark.parametrize(
    "value",
    [
        None,
        b"",
        b"not json",
        b"[1, 2, 3]",
        b"7",
        b"{}",
        b'{"site": 5}',
        b"[" * 100_000,
        b"\x80\x04\x95pickled",
        b"\xff\xfe\x00",
        b'{"__faust": {"ns": "some.other.Class"}}',
        b"x" * (MAX_BODY_BYTES + 1),
    ],
    ids=lambda value: repr(value)[:24],
)
def test_what_is_not_our_event_is_malformed(value: bytes | None) -> None:
    with pytest.raises(MalformedEvent):
        decode(STUDY_ARRIVED, value, [])


def test_the_error_names_the_field_and_never_the_value() -> None:
    body = msgspec.to_builtins(study()) | {"revision": "SYNTHETIC^PATIENT"}
    with pytest.raises(MalformedEvent) as refused:
        decode(STUDY_ARRIVED, msgspec.json.encode(body), [])
    assert "SYNTHETIC" not in str(refused.value)
    assert "revision" in str(refused.value)


def test_broken_headers_do_not_matter() -> None:
    record = encode(STUDY_ARRIVED, "key", study(), ENVELOPE)
    hostile = [("ce_time", b"yesterday"), ("deadline", b"\xff\xff"), ("x" * 300, b"y" * 9000)]
    assert decode(STUDY_ARRIVED, record.value, hostile) == study()


def test_a_body_of_another_topic_is_not_sent() -> None:
    request = CaseRequested(case_id="c", pathway="stroke", lane=Lane.URGENT, revision=1, arrived_at=NOW, deadline=NOW)
    assert encode(case_requested("stroke", Lane.URGENT), "c", request, ENVELOPE).topic.endswith("stroke.urgent.v1")
    with pytest.raises(MalformedEvent):
        encode(STUDY_ARRIVED, "c", request, ENVELOPE)
