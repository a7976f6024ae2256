"""Waits for a part to become ready, and gives up early, with the end of its log, when it keeps dying.

Called by the stack.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path

from codestroke.services.parts import Part, PartState
from codestroke.services.supervise import ProcessInfo
from schemas.errors import PeerUnavailable

_LIMIT_S = 90.0
_POLL_S = 0.1
_MAX_STARTS = 3
_TAIL_LINES = 20


def wait_until_ready(part: Part, probe: Callable[[], str | None], info: Callable[[], ProcessInfo], log: Path) -> None:
    """Return once ``probe`` answers. Raises PeerUnavailable after 90 s, or once the part has died three times."""
    seen: set[int] = set()
    until = time.monotonic() + _LIMIT_S
    while time.monotonic() < until:
        now = info()
        if now.pid:
            seen.add(now.pid)
        if now.state is PartState.FAILED or len(seen) > _MAX_STARTS:
            raise PeerUnavailable(f"{part} keeps dying; the end of {log}:\n{tail(log)}", reason="part_dies")
        if now.pid and probe() is not None:
            return
        time.sleep(_POLL_S)
    raise PeerUnavailable(f"{part} was not ready after {_LIMIT_S:.0f} s; see {log}:\n{tail(log)}", reason="part_slow")


def tail(log: Path) -> str:
    """The last lines of ``log``, or nothing if there is no such file."""
    if not log.exists():
        return ""
    with log.open("rb") as file:
        file.seek(max(0, file.seek(0, 2) - 16384))
        lines = file.read().decode(errors="replace").splitlines()
    return "\n".join(lines[-_TAIL_LINES:])
