"""Dead letters: the original record whole, with where it came from and why; a replay takes the reasons off again."""

from __future__ import annotations

from datetime import UTC, datetime

from schemas.codec import Record
from schemas.errors import MalformedEvent
from schemas.topics import STUDY_ARRIVED
from streams.kafka.deadletter import Origin, dead_letter, without_dead_letter_headers

NOW = datetime(2026, 3, 1, tzinfo=UTC)
SENT = [("ce_id", b"e1"), ("schema-version", b"1.0"), ("odd", b"\xff")]


def _letter(error: BaseException, headers: list[tuple[str, bytes]] | None = None) -> Record:
    return dead_letter(
        STUDY_ARRIVED,
        origin=Origin(STUDY_ARRIVED.name, 3, 42),
        key=b"k",
        value=b"{not json",
        headers=SENT if headers is None else headers,
        error=error,
        role="router",
        now=NOW,
    )


def test_the_original_bytes_and_headers_are_kept() -> None:
    letter = _letter(MalformedEvent("no"))
    assert (letter.topic, letter.key, letter.value) == (STUDY_ARRIVED.dlq, b"k", b"{not json")
    assert without_dead_letter_headers(letter.headers) == SENT


def test_origin_reason_role_and_time_stand_in_headers() -> None:
    told = dict(_letter(MalformedEvent("the key is none", reason="bad_key")).headers)
    assert told["dlq-origin-topic"] == STUDY_ARRIVED.name.encode()
    assert (told["dlq-origin-partition"], told["dlq-origin-offset"]) == (b"3", b"42")
    assert (told["dlq-reason"], told["dlq-detail"], told["dlq-role"]) == (b"bad_key", b"the key is none", b"router")
    assert told["dlq-at"] == NOW.isoformat().encode()


def test_a_defects_text_is_not_kept_because_it_may_quote_a_patient() -> None:
    told = dict(_letter(ValueError("Doe^Jane")).headers)
    assert (told["dlq-reason"], told["dlq-error"], told["dlq-detail"]) == (b"defect", b"ValueError", b"")


def test_a_long_detail_is_cut() -> None:
    assert len(dict(_letter(MalformedEvent("x" * 5000)).headers)["dlq-detail"]) == 500


def test_a_letter_that_dies_again_tells_its_last_death_only() -> None:
    first = _letter(MalformedEvent("no"))
    again = _letter(MalformedEvent("again", reason="again"), first.headers)
    assert [raw for name, raw in again.headers if name == "dlq-reason"] == [b"again"]
    assert without_dead_letter_headers(again.headers) == SENT


def test_what_no_producer_could_send_on_is_cut_and_said_to_be() -> None:
    letter = dead_letter(
        STUDY_ARRIVED,
        origin=Origin(STUDY_ARRIVED.name, 0, 1),
        key=b"k" * 500_000,
        value=b"x" * 1_048_000,
        headers=[("ce_id", b"e1"), *[(f"h{n}", b"x" * 200) for n in range(4000)]],
        error=MalformedEvent("too large", reason="too_large"),
        role="router",
        now=NOW,
    )
    size = len(letter.key) + len(letter.value) + sum(len(name) + len(raw) for name, raw in letter.headers)
    assert size < 700_000  # Faust's producer sends at most 1,000,000 bytes in one request
    assert dict(letter.headers)["dlq-cut"] == b"value,key,headers"
    assert letter.headers[0] == ("ce_id", b"e1")
