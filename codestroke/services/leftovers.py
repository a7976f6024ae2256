"""Ends servers of this home that outlived their supervisor, and removes what they left in shared memory.

Called by the stack before it starts and after it stopped. A process id file counts only if that process was
started when the file was written: a process that got the number later is not ours to end.
"""

from __future__ import annotations

import signal
from pathlib import Path

import psutil
import structlog

from codestroke.services.parts import Layout, Part
from codestroke.services.processes import lives
from codestroke.services.triton import shm_prefix

_log = structlog.get_logger(__name__)
_SAME_START_S = 5.0
_GRACE_S = 15.0


def find(pid_file: Path) -> psutil.Process | None:
    """The process that wrote ``pid_file`` if it still runs."""
    try:
        process = psutil.Process(int(pid_file.read_text()))
        written = pid_file.stat().st_mtime
        ours = abs(process.create_time() - written) < _SAME_START_S and lives(process.pid)
    except (OSError, ValueError, psutil.NoSuchProcess):
        return None
    return process if ours else None


def sweep(layout: Layout) -> list[Part]:
    """End what is left of each part; returns the parts that needed it."""
    swept = []
    for part in Part:
        process = find(layout.pid_file(part))
        if process is not None:
            _log.warning("leftover_part_stopped", part=part, pid=process.pid)
            _end(process, signal.SIGINT if part is Part.POSTGRES else signal.SIGTERM)
            swept.append(part)
        layout.pid_file(part).unlink(missing_ok=True)
    for region in Path("/dev/shm").glob(f"{shm_prefix(layout)}*"):  # noqa: S108 - the kernel's own folder
        region.unlink(missing_ok=True)
    return swept


def _end(process: psutil.Process, first: signal.Signals) -> None:
    family = [process, *process.children(recursive=True)]
    process.send_signal(first)
    _, alive = psutil.wait_procs(family, timeout=_GRACE_S)
    for member in alive:
        member.kill()
    psutil.wait_procs(alive, timeout=_GRACE_S)
