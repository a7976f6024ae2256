"""Who runs PostgreSQL as root's stand-in, and where."""

import os
import pwd
from pathlib import Path

import pytest

from codestroke.services import privileges


@pytest.fixture
def open_folder(tmp_path: Path) -> Path:
    folder = tmp_path / "open"
    folder.mkdir(mode=0o755)
    return folder


def test_nobody_may_enter_below_a_private_folder(open_folder: Path) -> None:
    open_folder.parent.chmod(0o700)
    assert not privileges.others_may_enter(open_folder)
    assert not privileges.others_may_enter(open_folder / "not" / "yet" / "there")


def test_the_system_folders_may_be_entered() -> None:
    assert privileges.others_may_enter(Path("/usr/bin"))


def test_who_we_are_needs_no_other_place(open_folder: Path) -> None:
    open_folder.parent.chmod(0o700)
    assert privileges.reachable(open_folder, None, instead="elsewhere") == open_folder


def test_an_unreachable_folder_is_replaced(open_folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(privileges, "_SHARED_ROOT", open_folder / "shared")
    open_folder.parent.chmod(0o700)
    assert privileges.reachable(open_folder, "nobody", instead="pg") == open_folder / "shared" / "pg"


def test_root_gives_way_to_an_existing_user_and_others_stay(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: 0)
    assert privileges.unprivileged_user() in ("postgres", "nobody")
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    assert privileges.unprivileged_user() is None


def test_a_copy_made_under_a_strict_umask_is_opened(open_folder: Path) -> None:
    program = open_folder / "bin" / "postgres"
    program.parent.mkdir(mode=0o700)
    program.touch(mode=0o700)
    (open_folder / "text").touch(mode=0o600)
    privileges.open_to_all(open_folder)
    modes = [path.stat().st_mode & 0o777 for path in (program.parent, program, open_folder / "text")]
    assert modes == [0o755, 0o755, 0o644]


def test_a_folder_that_is_the_users_own_stays_where_it_is(open_folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    data = open_folder / "postgres"
    data.mkdir(mode=0o700)
    monkeypatch.setattr(privileges, "others_may_enter", lambda folder: folder == open_folder)
    me = pwd.getpwuid(os.geteuid()).pw_name
    assert privileges.reachable(data, me, instead="elsewhere") == data
