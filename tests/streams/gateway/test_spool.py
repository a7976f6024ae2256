"""Files in the spool: whole or not there, and only where they belong."""

from __future__ import annotations

import os
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from schemas.errors import BadDicom
from streams.gateway.spool import REFUSED_DIR, STAGING_DIR, Spool


@pytest.fixture
def spool(tmp_path: Path) -> Iterator[Spool]:
    made = Spool(tmp_path, refused_keep=3)
    yield made
    made.close()


def write(spool: Spool, sop_uid: str, *parts: bytes) -> None:
    spool.commit(spool.stage(parts), spool.path_of("1", "2", sop_uid))


@pytest.mark.parametrize("uid", ["..", "../1", "1/2", ".hidden", "", "1.2\x00", "1" * 65])
def test_only_uids_become_a_path(spool: Spool, uid: str) -> None:
    for uids in ((uid, "1", "2"), ("1", uid, "2"), ("1", "2", uid)):
        with pytest.raises(BadDicom):
            spool.path_of(*uids)


def test_file_and_folder_are_synced_before_return(
    spool: Spool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    synced: list[str] = []
    real = os.fsync

    def noted(descriptor: int) -> None:
        synced.append(os.readlink(f"/proc/self/fd/{descriptor}"))
        real(descriptor)

    monkeypatch.setattr(os, "fsync", noted)
    write(spool, "3", b"a", b"b")
    assert (tmp_path / "1/2/3.dcm").read_bytes() == b"ab"
    assert synced[-1] == str(tmp_path / "1/2")
    assert any(name.endswith(".tmp") for name in synced)


def test_full_disk_leaves_nothing_behind(spool: Spool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(_fd: int) -> None:
        raise OSError(28, "No space left on device")

    write(spool, "3", b"a")
    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OSError, match="No space"):
        write(spool, "4", b"a")
    assert [path.name for path in (tmp_path / "1/2").iterdir()] == ["3.dcm"]
    assert list((tmp_path / STAGING_DIR).iterdir()) == []


def test_leftovers_of_a_killed_process_go(spool: Spool, tmp_path: Path) -> None:
    write(spool, "3", b"a")
    leftover = tmp_path / STAGING_DIR / "x.tmp"
    leftover.write_bytes(b"half")
    assert [path.name for path in spool.files()] == ["3.dcm"], "a half-written file is never seen"
    assert (spool.remove_leftovers(), leftover.exists()) == (1, False)


def test_refused_are_kept_up_to_the_cap_and_purged(spool: Spool, tmp_path: Path) -> None:
    for _ in range(5):
        spool.keep_refused(b"x")
    assert len(list((tmp_path / REFUSED_DIR).iterdir())) == 3
    assert spool.purge_refused(datetime.now(UTC) + timedelta(minutes=1)) == 3
