"""Stops a stack when the process that owns it ends, however it ends.

Run by the supervisor as one more program: ``python -I owner.py OWNER_PID START_TIME``. It asks
for nothing but signals, so a killed owner (even by SIGKILL) leaves no server behind.
"""

from __future__ import annotations

import os
import signal
import sys
import time

import psutil

_POLL_S = 0.2


def alive(pid: int, started: float) -> bool:
    """Whether the very process that was started at ``started`` (seconds since the epoch) still runs."""
    try:
        process = psutil.Process(pid)
        same = abs(process.create_time() - started) < 1.0
        return same and process.status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


def watch(owner: int, started: float, supervisor: int) -> None:
    """Wait until the owner is gone, then ask the supervisor to stop everything."""
    while alive(owner, started):
        if os.getppid() != supervisor:
            return
        time.sleep(_POLL_S)
    os.kill(supervisor, signal.SIGTERM)


if __name__ == "__main__":
    watch(int(sys.argv[1]), float(sys.argv[2]), os.getppid())
