"""The spool gives its own files, copies nothing, and never leaves its folder."""

from __future__ import annotations

from pathlib import Path

import pytest

from schemas.errors import BudgetExhausted, MalformedEvent, PeerUnavailable
from schemas.ids import SeriesUid, StudyUid
from streams.dicom.sources.spool import SpoolSource

STUDY, SERIES = StudyUid("1.2"), SeriesUid("1.2.3")


async def test_finished_files_are_listed_and_parts_are_not(tmp_path: Path) -> None:
    folder = tmp_path / STUDY / SERIES
    folder.mkdir(parents=True)
    for name in ("1.2.3.5.dcm", "1.2.3.4.dcm", "1.2.3.6.part"):
        (folder / name).touch()
    files = await SpoolSource(tmp_path).fetch(STUDY, SERIES, tmp_path / "unused", timeout_s=1)
    assert files == [folder / "1.2.3.4.dcm", folder / "1.2.3.5.dcm"]
    assert not (tmp_path / "unused").exists()


async def test_absent_series_is_transient(tmp_path: Path) -> None:
    with pytest.raises(PeerUnavailable) as caught:
        await SpoolSource(tmp_path).fetch(STUDY, SERIES, tmp_path, timeout_s=1)
    assert caught.value.reason == "series_missing"


@pytest.mark.parametrize("uid", ["..", "1.2/../..", "", "1.2;"])
async def test_what_is_not_a_uid_names_no_folder(tmp_path: Path, uid: str) -> None:
    with pytest.raises(MalformedEvent):
        await SpoolSource(tmp_path).fetch(StudyUid(uid), SERIES, tmp_path, timeout_s=1)


async def test_no_time_left_is_said_at_once(tmp_path: Path) -> None:
    with pytest.raises(BudgetExhausted):
        await SpoolSource(tmp_path).fetch(STUDY, SERIES, tmp_path, timeout_s=0)
