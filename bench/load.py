"""A load of studies sent by C-STORE for as long as a block lasts: films mostly, occlusions and plain heads among them.

A study counts as sent when the gateway answered every instance with success: from then on it may not be lost.
"""

from __future__ import annotations

import enum
import random
import threading
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Self

from pydicom.dataset import Dataset

from bench.studies import copies, load
from schemas.errors import PeerUnavailable
from schemas.findings import Side
from simulator.render import Order
from simulator.sender import Door, send
from simulator.shift import write
from simulator.specs import ChestFilm, HeadCt, Spec
from triton_models.phantoms.occlusion import Segment

_PAUSE_S = 0.5
_OCCLUSION_EVERY = 6


class Mix(enum.StrEnum):
    """Kinds of study in the load."""

    FILM = "film"
    OCCLUSION = "occlusion"


def prepare_mix(folder: Path, *, seed: int) -> Mapping[Mix, list[Dataset]]:
    """Render one study of each kind and read it back."""
    specs: dict[Mix, Spec] = {
        Mix.FILM: ChestFilm(rows=512),
        Mix.OCCLUSION: HeadCt(occlusion=Segment.ICA_T, side=Side.LEFT),
    }
    made = {}
    for number, (kind, spec) in enumerate(specs.items(), start=1):
        made[kind] = load(write(Order(seed=seed, number=number, spec=spec), folder / kind))
    return made


@dataclass
class Load:
    """Sends from a thread inside a ``with`` block; ``sent`` maps StudyInstanceUID to kind."""

    mix: Mapping[Mix, list[Dataset]]
    port: int
    seed: int
    sent: dict[str, Mix] = field(default_factory=dict)
    refused: int = 0
    _stop: threading.Event = field(default_factory=threading.Event)
    _thread: threading.Thread | None = None

    def __enter__(self) -> Self:
        self._thread = threading.Thread(target=self._run, name="load", daemon=True)
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stop.set()
        if self._thread is not None:
            self._thread.join()

    def _run(self) -> None:
        rng = random.Random(self.seed)
        makers = {kind: copies(datasets, seed=self.seed + n) for n, (kind, datasets) in enumerate(self.mix.items())}
        number = 0
        while not self._stop.wait(rng.uniform(0, 2 * _PAUSE_S)):
            kind = Mix.OCCLUSION if number % _OCCLUSION_EVERY == 0 else Mix.FILM
            number += 1
            copy = next(makers[kind])
            try:
                report = send(copy.datasets, Door("127.0.0.1", self.port))
            except PeerUnavailable:
                self.refused += 1
                continue
            if report.refused:
                self.refused += 1
            else:
                self.sent[copy.study_uid] = kind
