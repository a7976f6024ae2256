"""The locked jars: checksums, and no fetching of what is there."""

import io
from pathlib import Path

import pytest
from rich.console import Console

from codestroke.services import jars
from codestroke.services.jars import Jar, check, ensure_jars, read_lock
from codestroke.services.locking import is_built
from schemas.errors import PermanentError

_EMPTY_SHA256 = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"


def test_the_lock_names_kafka_and_a_checksum_for_every_jar() -> None:
    locked = read_lock(jars.LOCK_FILE.read_text())
    assert ("kafka_2.13", "4.4.0") in {(jar.name, jar.version) for jar in locked}
    assert all(len(jar.sha256) == 64 for jar in locked)


def test_a_jar_that_is_not_the_locked_one_is_refused(tmp_path: Path) -> None:
    jar = Jar("org.example", "thing", "1", _EMPTY_SHA256)
    file = tmp_path / jar.file_name
    file.touch()
    check(file, jar)
    file.write_bytes(b"something else")
    with pytest.raises(PermanentError, match=r"thing-1\.jar has SHA-256"):
        check(file, jar)


def test_nothing_is_fetched_when_everything_is_there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    fetched: list[Path] = []
    monkeypatch.setattr(jars, "_download", lambda _jars, folder, _console: fetched.append(folder))
    console = Console(file=io.StringIO())
    folder = ensure_jars(tmp_path, console)
    assert is_built(folder)
    assert ensure_jars(tmp_path, console) == folder
    assert fetched == [folder]
