"""Memory and index agree, whatever fails between them."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from schemas.errors import TransientError
from streams.core.readiness import Patience
from streams.gateway.arrival import ArrivalMaker
from streams.gateway.facts import facts_of, values_of
from streams.gateway.index import HeldInstance, HeldStudy, Index
from streams.gateway.tracker import Tracker
from tests.streams.gateway.builders import KEY, STUDY, ct_slice

NOW = datetime(2024, 3, 1, 12, tzinfo=UTC)
PATIENCE = Patience()


class FailingIndex(Index):
    """An index whose disk fails when a study is read back."""

    is_failing = False

    def study(self, study_uid: str) -> HeldStudy:
        """Read one study, or fail."""
        if self.is_failing:
            raise TransientError("disk I/O error")
        return super().study(study_uid)


def held(number: int, source: str = "spool") -> HeldInstance:
    facts = facts_of(values_of(ct_slice(number)), site_key=KEY, zone=UTC)
    return HeldInstance(facts, source, "d", NOW)


def after(seconds: float) -> datetime:
    return NOW + timedelta(seconds=seconds)


def tracking(index: Index) -> Tracker:
    return Tracker(index, ArrivalMaker(site="test", site_key=KEY), PATIENCE, started_at=NOW)


@pytest.fixture
def index(tmp_path: Path) -> Iterator[FailingIndex]:
    made = FailingIndex(tmp_path / "index.sqlite")
    yield made
    made.close()


def test_released_gap_free_study_is_announced_after_the_geometry_wait(index: Index) -> None:
    tracker = tracking(index)
    for number in range(3):
        tracker.add(held(number), association=1)
    tracker.end_association(1, released=True, at=NOW)
    assert tracker.announce_due(after(0.4)) == []
    [made] = tracker.announce_due(after(0.6))
    assert (made.revision, tracker.open_studies) == (1, 0)


def test_an_aborted_association_is_no_end(index: Index) -> None:
    tracker = tracking(index)
    for number in range(3):
        tracker.add(held(number), association=1)
    tracker.end_association(1, released=False, at=NOW)
    assert tracker.announce_due(after(1.9)) == []


def test_the_last_of_two_associations_ends_the_study(index: Index) -> None:
    tracker = tracking(index)
    for number in range(4):
        tracker.add(held(number), association=number % 2)
    tracker.end_association(0, released=True, at=NOW)
    assert tracker.announce_due(after(1.9)) == []
    tracker.end_association(1, released=True, at=after(1.9))
    assert len(tracker.announce_due(after(2.5))) == 1


def test_nothing_is_announced_twice_and_repeats_open_nothing(index: Index) -> None:
    tracker = tracking(index)
    tracker.add(held(1))
    assert len(tracker.announce_due(after(60))) == 1
    assert tracker.add(held(1)) is False
    assert (tracker.announce_due(after(600)), tracker.open_studies) == ([], 0)


def test_a_new_process_waits_anew_and_announces_what_was_pending(index: Index) -> None:
    tracking(index).add(held(1))
    later = Tracker(index, ArrivalMaker(site="test", site_key=KEY), PATIENCE, started_at=after(30))
    assert later.announce_due(after(30 + PATIENCE.quiet_max_s - 0.1)) == []
    assert len(later.announce_due(after(30 + PATIENCE.quiet_max_s))) == 1


def test_the_first_source_keeps_the_study(index: Index) -> None:
    tracker = tracking(index)
    assert [tracker.add(held(1, "pacs")), tracker.add(held(2, "spool"))] == [True, False]
    assert len(index.study(STUDY).instances) == 1


def test_an_instance_that_was_written_before_the_index_failed_is_announced(index: FailingIndex) -> None:
    tracker = tracking(index)
    index.is_failing = True
    with pytest.raises(TransientError):
        tracker.add(held(1))
    with pytest.raises(TransientError):
        tracker.announce_due(after(1))
    index.is_failing = False
    tracker.announce_due(after(1))
    assert [one.study_uid for one in tracker.announce_due(after(60))] == [STUDY]
