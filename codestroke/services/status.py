"""Describes one part for ``codestroke services status``: what the supervisor, the server and the kernel say of it.

Called by the stack; changes nothing.
"""

from __future__ import annotations

from pathlib import Path

import psutil

from codestroke.services import health
from codestroke.services.parts import Part, PartStatus, Ports
from codestroke.services.supervise import ProcessInfo


def describe(part: Part, info: ProcessInfo, known: Ports, log: Path) -> PartStatus:
    """The status of ``part``, whose version is the one that the server itself tells, if it answers."""
    version = health.probe(part, known) if info.pid else None
    listens = known.of(part)
    return PartStatus(
        part=part,
        state=info.state,
        ready=version is not None,
        pid=info.pid,
        address=f"127.0.0.1:{next(iter(listens.values()))}",
        ports=listens,
        version=version,
        rss_mb=rss_mb(info.pid),
        uptime_s=info.uptime_s,
        log=log,
    )


def rss_mb(pid: int | None) -> float | None:
    """Memory of a server and its children in MiB; pages that they share count once for each."""
    if pid is None:
        return None
    try:
        parent = psutil.Process(pid)
        family = [parent, *parent.children(recursive=True)]
    except psutil.NoSuchProcess:
        return None
    return round(sum(_rss_bytes(one) for one in family) / 2**20, 1)


def _rss_bytes(process: psutil.Process) -> int:
    try:
        return process.memory_info().rss
    except psutil.NoSuchProcess:  # a worker that ended while we were counting
        return 0
