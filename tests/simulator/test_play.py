"""A shift is played in its order and time, and stops when told."""

from __future__ import annotations

import threading
import time
from pathlib import Path

from schemas.findings import OutcomeKind
from simulator.play import Sent, play
from simulator.render import Order
from simulator.shift import Arrival, Expectation, Late, Shift, prepare
from simulator.specs import ChestFilm, KneeCt, Spec
from tests.simulator.inbox import listening

NEVER_MIND = Expectation(pathway="stroke", outcome=OutcomeKind.NOT_APPLICABLE)


def _arrival(number: int, spec: Spec, at_s: float, late: Late | None = None) -> Arrival:
    order = Order(seed=1, number=number, spec=spec)
    return Arrival(name=f"study {number}", at_s=at_s, order=order, expected=NEVER_MIND, late=late)


def test_studies_are_sent_at_their_time(tmp_path: Path) -> None:
    shift = Shift([_arrival(1, ChestFilm(rows=128), 0.0), _arrival(2, KneeCt(), 0.4)])
    folders, told = prepare(shift, tmp_path), list[Sent]()
    with listening() as inbox:
        started = time.monotonic()
        sent = play(shift, folders, inbox.door, stop=threading.Event(), told=told.append)
    assert time.monotonic() - started >= 0.4
    assert [item.report.stored for item in sent] == [1, 41]
    assert [item.arrival.name for item in told] == ["study 1", "study 2"]


def test_films_and_scans_come_from_different_senders(tmp_path: Path) -> None:
    shift = Shift([_arrival(1, ChestFilm(rows=128), 0.0), _arrival(2, KneeCt(), 0.2)])
    folders = prepare(shift, tmp_path)
    with listening() as inbox:
        play(shift, folders, inbox.door, stop=threading.Event())
    assert set(inbox.callers) == {"SIM-XR", "SIM-CT"}


def test_stopping_ends_the_wait_and_sends_no_more(tmp_path: Path) -> None:
    shift = Shift([_arrival(1, ChestFilm(rows=128), 0.0), _arrival(2, ChestFilm(rows=128), 60.0)])
    folders, stop = prepare(shift, tmp_path), threading.Event()
    with listening() as inbox:
        sent = play(shift, folders, inbox.door, stop=stop, told=lambda _: stop.set())
    assert [item.arrival.name for item in sent] == ["study 1"]


def test_late_slices_come_after_the_others_and_are_reported(tmp_path: Path) -> None:
    shift = Shift([_arrival(1, KneeCt(), 0.0, Late(instances=3, after_s=0.3))])
    folders, first = prepare(shift, tmp_path), list[int]()
    with listening() as inbox:
        (sent,) = play(
            shift, folders, inbox.door, stop=threading.Event(), told=lambda item: first.append(item.report.stored)
        )
    assert first == [38]
    assert sent.report.stored == 41
    assert [int(dataset.InstanceNumber) for dataset in inbox.datasets[-3:]] == [38, 39, 40]
