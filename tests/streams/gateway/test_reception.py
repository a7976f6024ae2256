"""How one received instance ends: new, repeated, refused."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from pydicom.dataset import Dataset
from pynetdicom.dsutils import encode

from schemas.errors import BadDicom
from streams.core.readiness import Patience
from streams.gateway.arrival import ArrivalMaker
from streams.gateway.facts import facts_of, values_of
from streams.gateway.index import PIXELS_NOT_SEEN, HeldInstance, Index
from streams.gateway.reception import DIFFERENT_PIXELS, Received, Reception, Taken
from streams.gateway.retention import purge
from streams.gateway.spool import REFUSED_DIR, Spool
from streams.gateway.tracker import Tracker
from tests.streams.gateway.builders import KEY, STUDY, ct_slice, settings_of

NOW = datetime(2024, 3, 1, 12, tzinfo=UTC)


class Bench:
    """A reception with its spool, index and tracker."""

    def __init__(self, root: Path) -> None:
        self.spool, self.index = Spool(root), Index(root / ".index.sqlite")
        maker = ArrivalMaker(site="test", site_key=KEY)
        self.tracker = Tracker(self.index, maker, Patience(), started_at=NOW)
        self.reception = Reception(settings_of(root), self.spool, self.index, self.tracker)

    def take(self, dataset: Dataset, **changes: Any) -> Taken:
        plain: dict[str, Any] = {
            "encoded": encode(dataset, False, True),
            "file_meta": b"",
            "sop_class_uid": dataset.SOPClassUID,
            "sop_uid": dataset.SOPInstanceUID,
            "transfer_syntax": dataset.file_meta.TransferSyntaxUID,
            "association": 1,
            "at": NOW,
        }
        return self.reception.take(Received(**(plain | changes)))

    @property
    def problems(self) -> set[str]:
        return {one.reason for one in self.index.study(STUDY).problems}


@pytest.fixture
def bench(tmp_path: Path) -> Any:
    made = Bench(tmp_path)
    yield made
    made.spool.close()
    made.index.close()


def test_same_bytes_again_are_a_success_and_nothing_more(bench: Bench) -> None:
    assert [bench.take(ct_slice(1)), bench.take(ct_slice(1))] == [Taken.NEW, Taken.SAME]
    assert bench.problems == set()


def test_other_pixels_under_a_known_uid_keep_the_first(bench: Bench, tmp_path: Path) -> None:
    bench.take(ct_slice(1))
    before = (tmp_path / STUDY / f"{STUDY}.1" / f"{STUDY}.1.1.dcm").read_bytes()
    assert bench.take(ct_slice(1, PixelData=b"\x07" * 512)) is Taken.KEPT_FIRST
    assert bench.problems == {DIFFERENT_PIXELS}
    assert (tmp_path / STUDY / f"{STUDY}.1" / f"{STUDY}.1.1.dcm").read_bytes() == before


def test_copy_of_what_a_watched_pacs_showed_is_no_problem(bench: Bench) -> None:
    facts = facts_of(values_of(ct_slice(1)), site_key=KEY, zone=UTC)
    bench.tracker.add(HeldInstance(facts, "pacs", PIXELS_NOT_SEEN, NOW))
    assert bench.take(ct_slice(1)) is Taken.SAME
    assert bench.problems == set()


def test_cut_pixels_become_a_problem_of_the_study(bench: Bench) -> None:
    with pytest.raises(BadDicom):
        bench.take(ct_slice(1), encoded=encode(ct_slice(1), False, True)[:-20])
    assert bench.problems == {"pixel_data_cut"}


def test_unparsable_dataset_is_kept_aside(bench: Bench, tmp_path: Path) -> None:
    with pytest.raises(BadDicom):
        bench.take(ct_slice(1), encoded=b"\x00")
    assert len(list((tmp_path / REFUSED_DIR).iterdir())) == 1


def test_dataset_must_be_the_one_that_was_named(bench: Bench) -> None:
    with pytest.raises(BadDicom, match="command names"):
        bench.take(ct_slice(1), sop_uid="1.2.3")


def test_two_patients_in_one_study_are_told(bench: Bench) -> None:
    bench.take(ct_slice(1))
    bench.take(ct_slice(2, PatientID="MRN-OTHER"))
    [made] = bench.tracker.announce_due(NOW + timedelta(minutes=5))
    assert b"two_patients_in_one_study" in made.record.value


def test_purge_spares_what_is_not_acknowledged(bench: Bench, tmp_path: Path) -> None:
    bench.take(ct_slice(1))
    later = NOW + timedelta(days=8)
    assert purge(bench.spool, bench.index, later) == 0
    [made] = bench.tracker.announce_due(later)
    assert purge(bench.spool, bench.index, later) == 0
    bench.index.mark_sent(made.event_id, later)
    assert purge(bench.spool, bench.index, later) == 1
    assert not (tmp_path / STUDY).exists()
    assert bench.index.study(STUDY).instances == ()


def test_late_slice_after_purge_counts_the_revision_on(bench: Bench) -> None:
    bench.take(ct_slice(1))
    [first] = bench.tracker.announce_due(NOW + timedelta(minutes=5))
    bench.index.mark_sent(first.event_id, NOW)
    purge(bench.spool, bench.index, NOW + timedelta(days=8))
    bench.take(ct_slice(2))
    [second] = bench.tracker.announce_due(NOW + timedelta(days=9))
    assert (first.revision, second.revision) == (1, 2)
