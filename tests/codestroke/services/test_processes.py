"""Alive, ended, and ended but not yet collected."""

from __future__ import annotations

import os
import subprocess
import sys
import time

import psutil

from codestroke.services import owner
from codestroke.services.processes import lives, wait_gone
from codestroke.services.status import rss_mb


def test_we_live_and_use_memory() -> None:
    assert lives(os.getpid())
    assert (rss_mb(os.getpid()) or 0) > 5
    assert not wait_gone(os.getpid(), 0.05)


def test_an_ended_process_that_nobody_collected_does_not_live() -> None:
    with subprocess.Popen([sys.executable, "-c", ""]) as process:
        assert wait_gone(process.pid, 10)
        assert not owner.alive(process.pid, time.time())
    assert not lives(process.pid)
    assert rss_mb(process.pid) is None


def test_an_owner_is_the_same_process_not_only_the_same_number() -> None:
    started = psutil.Process().create_time()
    assert owner.alive(os.getpid(), started)
    assert not owner.alive(os.getpid(), started - 3600)
