"""Playing a shift: every study is sent at its time, by C-STORE, from the files that were prepared.

Called by the demo. It waits in real time and stops when told; what is sent, and in which order, follows from the shift
alone, only the modality's clock is set to the instant of sending.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

from simulator.sender import Door, SendReport, files_of, send
from simulator.shift import Arrival, Shift
from simulator.specs import ChestFilm

_SENDERS = 4
_FILM_AE = "SIM-XR"


@dataclass(frozen=True, slots=True)
class Sent:
    """One study that was sent, and how the gateway answered; ``seconds`` without waiting for late slices."""

    arrival: Arrival
    report: SendReport
    seconds: float


@dataclass(frozen=True, slots=True)
class _Stage:
    """What every sending of one shift shares."""

    folders: Mapping[str, Path]
    door: Door
    stop: threading.Event
    told: Callable[[Sent], None]


def play(
    shift: Shift,
    folders: Mapping[str, Path],
    door: Door,
    *,
    stop: threading.Event,
    told: Callable[[Sent], None] = lambda _: None,
) -> list[Sent]:
    """Play the shift in real time and return when the last study has been sent, or early when ``stop`` is set.

    Raises:
        PeerUnavailable: the gateway refused a study.
    """
    stage = _Stage(folders, door, stop, told)
    started, jobs = time.monotonic(), list[Future[Sent]]()
    with ThreadPoolExecutor(_SENDERS) as pool:
        for arrival in shift.arrivals:
            if stop.wait(max(0.0, started + arrival.at_s - time.monotonic())):
                break
            jobs.append(pool.submit(_send, arrival, stage))
        return [job.result() for job in jobs]


def _send(arrival: Arrival, stage: _Stage) -> Sent:
    calling = _FILM_AE if isinstance(arrival.order.spec, ChestFilm) else stage.door.calling
    door, taken_at = replace(stage.door, calling=calling), datetime.now(UTC)
    now, later = _parts(arrival, files_of(stage.folders[arrival.name]))
    started = time.monotonic()
    report = send(now, door, taken_at=taken_at)
    sent = Sent(arrival, report, time.monotonic() - started)
    stage.told(sent)
    if arrival.late is not None and later and not stage.stop.wait(arrival.late.after_s):
        late = send(later, door, taken_at=taken_at)
        return replace(sent, report=report.joined(late))
    return sent


def _parts(arrival: Arrival, files: Sequence[Path]) -> tuple[Sequence[Path], Sequence[Path]]:
    """What is sent at once, and what comes late."""
    cut = len(files) - (arrival.late.instances if arrival.late else 0)
    return files[:cut], files[cut:]
