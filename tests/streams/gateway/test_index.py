"""What survives the end of the process, and what is told once."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from schemas.codec import Record
from schemas.errors import TransientError
from streams.gateway.facts import facts_of, values_of
from streams.gateway.index import Announcement, HeldInstance, HeldProblem, Index
from tests.streams.gateway.builders import KEY, STUDY, ct_slice

NOW = datetime(2024, 3, 1, 12, tzinfo=UTC)
RECORD = Record("topic", b"key", b"\x00value", [("name", b"\xff"), ("name", b"again")])


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "index.sqlite"


@pytest.fixture
def index(path: Path) -> Iterator[Index]:
    made = Index(path)
    yield made
    made.close()


def held(number: int, digest: str = "d") -> HeldInstance:
    facts = facts_of(values_of(ct_slice(number)), site_key=KEY, zone=UTC)
    return HeldInstance(facts, "spool", digest, NOW)


def announced(revision: int = 1) -> Announcement:
    return Announcement(f"event-{revision}", STUDY, revision, RECORD, NOW)


def reopened(index: Index, path: Path) -> Index:
    index.close()
    return Index(path)


def test_what_is_held_is_read_back_as_it_was(index: Index, path: Path) -> None:
    index.add_instance(held(1))
    index.add_problem(STUDY, HeldProblem("pixel_data_cut", "spool", NOW))
    again = reopened(index, path)
    assert again.study(STUDY).instances == (held(1),)
    assert again.study(STUDY).problems == (HeldProblem("pixel_data_cut", "spool", NOW),)
    assert again.pending_studies() == [STUDY]
    again.close()


def test_the_first_instance_of_a_uid_is_kept(index: Index) -> None:
    assert [index.add_instance(held(1, "first")), index.add_instance(held(1, "second"))] == [True, False]
    assert index.digest_of(STUDY, held(1).facts.sop_uid) == "first"


def test_an_announcement_covers_what_was_pending_and_nothing_later(index: Index) -> None:
    index.add_instance(held(1))
    index.announce(announced())
    assert index.pending_studies() == []
    index.add_instance(held(2))
    assert [one.revision for one in index.study(STUDY).instances] == [1, None]
    assert (index.study(STUDY).revision, index.pending_studies()) == (1, [STUDY])


def test_an_unsent_announcement_comes_back_byte_for_byte_until_it_is_sent(index: Index, path: Path) -> None:
    index.announce(announced())
    again = reopened(index, path)
    assert again.unsent() == [announced()]
    again.mark_sent("event-1", NOW)
    last = reopened(again, path)
    assert last.unsent() == []
    last.close()


def test_a_revision_is_announced_once(index: Index) -> None:
    index.announce(announced())
    index.add_instance(held(1))
    with pytest.raises(TransientError):
        index.announce(dataclasses.replace(announced(), event_id="other"))
    assert index.pending_studies() == [STUDY]
    assert [one.event_id for one in index.unsent()] == ["event-1"]


def test_finished_are_only_studies_without_anything_left_to_tell(index: Index) -> None:
    later = NOW + timedelta(days=1)
    index.add_instance(held(1))
    assert index.finished_before(later) == []
    index.announce(announced())
    assert index.finished_before(later) == []
    index.mark_sent("event-1", NOW)
    assert (index.finished_before(NOW), index.finished_before(later)) == ([], [STUDY])


def test_a_cursor_is_kept(index: Index, path: Path) -> None:
    assert index.cursor("orthanc:a") is None
    index.set_cursor("orthanc:a", "5")
    index.set_cursor("orthanc:a", "6")
    again = reopened(index, path)
    assert again.cursor("orthanc:a") == "6"
    again.close()


def test_a_broken_file_names_the_setting(tmp_path: Path) -> None:
    (tmp_path / "index.sqlite").write_bytes(b"not a database" * 100)
    with pytest.raises(TransientError, match=r"gateway\.spool"):
        Index(tmp_path / "index.sqlite")
