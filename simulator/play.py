"""Playing a shift: every study is sent at its time, by C-STORE, from the files that were prepared."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Mapping
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
    """One study that was sent, and how the gateway answered."""

    arrival: Arrival
    report: SendReport
    seconds: float


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
    started, jobs = time.monotonic(), list[Future[Sent]]()
    with ThreadPoolExecutor(_SENDERS) as pool:
        for arrival in shift.arrivals:
            if stop.wait(max(0.0, started + arrival.at_s - time.monotonic())):
                break
            jobs.append(pool.submit(_send, arrival, folders[arrival.name], door, told))
        return [job.result() for job in jobs]


def _send(arrival: Arrival, folder: Path, door: Door, told: Callable[[Sent], None]) -> Sent:
    calling = _FILM_AE if isinstance(arrival.order.spec, ChestFilm) else door.calling
    started = time.monotonic()
    report = send(files_of(folder), replace(door, calling=calling), taken_at=datetime.now(UTC))
    sent = Sent(arrival, report, time.monotonic() - started)
    told(sent)
    return sent
