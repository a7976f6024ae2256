"""Only our own orphans are ended."""

import os
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from codestroke.services.leftovers import find, sweep
from codestroke.services.parts import Layout, Part


@pytest.fixture
def orphan(tmp_path: Path) -> Iterator[tuple[Layout, subprocess.Popen[bytes]]]:
    layout = Layout(tmp_path)
    layout.run.mkdir()
    with subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"]) as process:
        layout.pid_file(Part.KAFKA).write_text(str(process.pid))
        yield layout, process
        process.kill()


def test_an_orphan_of_this_home_is_ended(orphan: tuple[Layout, subprocess.Popen[bytes]]) -> None:
    layout, process = orphan
    assert sweep(layout) == [Part.KAFKA]
    assert process.poll() is not None
    assert not layout.pid_file(Part.KAFKA).exists()


def test_a_process_that_got_the_number_later_is_left_alone(orphan: tuple[Layout, subprocess.Popen[bytes]]) -> None:
    layout, process = orphan
    old = time.time() - 3600
    os.utime(layout.pid_file(Part.KAFKA), (old, old))
    assert sweep(layout) == []
    assert psutil.pid_exists(process.pid)


def test_nonsense_in_a_pid_file_finds_nothing(tmp_path: Path) -> None:
    (tmp_path / "x.pid").write_text("nonsense")
    assert find(tmp_path / "x.pid") is None
