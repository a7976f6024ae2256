"""Which fault happens next: scripted first, then drawn from a seeded generator, so that a run can be repeated."""

from __future__ import annotations

import random

from simulator.carrier.settings import Fault, FaultSettings


class FaultPlan:
    """Draws faults; one plan for each carrier."""

    def __init__(self, settings: FaultSettings, seed: int) -> None:
        self.settings = settings
        self._script = list(settings.script)
        self._random = random.Random(seed)  # noqa: S311  # repeatable on purpose

    def next_create(self) -> Fault:
        """The fault of the next message created."""
        if self._script:
            return self._script.pop(0)
        drawn, floor = self._random.random(), 0.0
        for fault, share in self.settings.create.items():
            floor += share
            if drawn < floor:
                return fault
        return Fault.NONE

    def happens(self, share: float) -> bool:
        """Draw once with probability ``share``."""
        return share > 0 and self._random.random() < share
