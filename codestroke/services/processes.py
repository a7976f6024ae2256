"""Whether a process runs. Called by the supervisor's client, the stack and the sweeper."""

from __future__ import annotations

import time

import psutil

_POLL_S = 0.02


def lives(pid: int) -> bool:
    """Whether process ``pid`` runs; one that has ended and waits to be collected does not."""
    try:
        return bool(psutil.Process(pid).status() != psutil.STATUS_ZOMBIE)
    except psutil.NoSuchProcess:
        return False


def wait_gone(pid: int, limit_s: float) -> bool:
    """Wait until process ``pid`` has ended, at most ``limit_s`` seconds; whether it has."""
    until = time.monotonic() + limit_s
    while lives(pid):
        if time.monotonic() > until:
            return False
        time.sleep(_POLL_S)
    return True
