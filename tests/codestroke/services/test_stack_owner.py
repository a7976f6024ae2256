"""Who ends a stack: its owner's end, a killed supervisor, or `down` alone."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import psutil
import psycopg
import pytest

from codestroke.services.parts import Layout
from codestroke.services.stack import Part, Stack, StackConfig

pytestmark = pytest.mark.integration
_OWNER = """
import signal, sys, time
from pathlib import Path
signal.signal(signal.SIGINT, signal.default_int_handler)  # a background shell hands it down as ignored
from codestroke.services.stack import Part, Stack, StackConfig
stack = Stack(StackConfig(home=Path(sys.argv[1]), cache=Path(sys.argv[2])), bound=sys.argv[3] == "bound")
stack.up([Part.POSTGRES])
print(stack.pid(Part.POSTGRES), flush=True)
time.sleep(120)
"""


@pytest.fixture
def stack(tmp_path: Path, cache: Path) -> Iterator[Stack]:
    stack = Stack(StackConfig(home=tmp_path / "home", cache=cache), bound=False)
    yield stack
    stack.purge()


def _owner(tmp_path: Path, cache: Path, how: str) -> tuple[subprocess.Popen[str], psutil.Process]:
    command = [sys.executable, "-c", _OWNER, str(tmp_path / "home"), str(cache), how]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    with process.stdout:
        return process, psutil.Process(int(process.stdout.readline()))


@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGINT, signal.SIGTERM])
def test_a_bound_stack_ends_with_its_owner(stack: Stack, tmp_path: Path, cache: Path, how: signal.Signals) -> None:
    owner, server = _owner(tmp_path, cache, "bound")
    owner.send_signal(how)
    owner.wait(30)
    assert psutil.wait_procs([server], timeout=10)[1] == []
    assert stack.status()[1].pid is None


def test_an_unbound_stack_outlives_its_owner(stack: Stack, tmp_path: Path, cache: Path) -> None:
    owner, server = _owner(tmp_path, cache, "unbound")
    owner.kill()
    owner.wait(30)
    time.sleep(1.5)
    assert server.is_running()
    assert stack.pid(Part.POSTGRES) == server.pid


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere the next `up` or `down` sweeps instead")
def test_a_killed_supervisor_takes_its_servers_along(stack: Stack, tmp_path: Path) -> None:
    stack.up([Part.POSTGRES])
    server = psutil.Process(stack.pid(Part.POSTGRES))
    os.kill(int((Layout(tmp_path / "home").run / "supervisord.pid").read_text()), signal.SIGKILL)
    assert psutil.wait_procs([server], timeout=10)[1] == []


def test_a_home_left_by_a_killed_machine_starts_again(stack: Stack, tmp_path: Path) -> None:
    first = stack.up([Part.POSTGRES])
    server = stack.pid(Part.POSTGRES)
    os.kill(int((Layout(tmp_path / "home").run / "supervisord.pid").read_text()), signal.SIGKILL)
    os.kill(server, signal.SIGKILL)
    assert stack.up([Part.POSTGRES]) == first
    with psycopg.connect(first.postgres_url.replace("+psycopg", "")) as connection:
        assert connection.execute("SELECT 1").fetchone() == (1,)
