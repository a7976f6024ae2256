"""Waits for a part to become ready, and gives up early, with the end of its log, when it keeps dying.

Called by the stack.
"""

from __future__ import annotations

import re
import time
from collections.abc import Callable
from pathlib import Path

from codestroke.services.parts import Part, PartState
from codestroke.services.supervise import ProcessInfo
from schemas.errors import PeerUnavailable

_LIMIT_S = 90.0
_POLL_S = 0.1
_MAX_STARTS = 3
_TAIL_BYTES = 16384
_TAIL_LINES = 8
_LINE_CHARS = 400
_ERROR = re.compile(r"^E\d{4} |^error|\bERROR\b|FATAL|Exception")


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
    """What ``log`` says of the failure: the last lines that look like errors, else simply the last lines."""
    if not log.exists():
        return ""
    with log.open("rb") as file:
        file.seek(max(0, file.seek(0, 2) - _TAIL_BYTES))
        return telling(file.read().decode(errors="replace").splitlines())


def telling(lines: list[str]) -> str:
    """The last few of ``lines`` that look like errors (Triton's, PostgreSQL's or Java's way), else the last few."""
    errors = [line for line in lines if _ERROR.search(line)]
    return "\n".join(line[:_LINE_CHARS] for line in (errors or lines)[-_TAIL_LINES:])
