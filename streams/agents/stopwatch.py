"""Books time on the stages of a case, without holes: entering a stage ends the one before."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from schemas.ledger import Ledger, Stage
from streams.core.budget import Budget


class Stopwatch:
    """The running ledger of one case in one process."""

    def __init__(self, budget: Budget, now: Callable[[], datetime]) -> None:
        self._budget, self._now = budget, now
        self._stage: Stage | None = None

    @property
    def ledger(self) -> Ledger:
        """What is booked so far."""
        return self._budget.ledger

    def remaining_s(self) -> float:
        """Seconds until the deadline."""
        return self._budget.remaining_s(self._now())

    def book(self, stage: Stage, at: datetime | None = None) -> None:
        """Book everything since the last booking on ``stage``."""
        self._budget = self._budget.spent(stage, at or self._now())

    def enter(self, stage: Stage) -> None:
        """End the stage under way and begin ``stage``."""
        self.finish()
        self._stage = stage

    def finish(self) -> Ledger:
        """End the stage under way; returns the ledger."""
        if self._stage is not None:
            self.book(self._stage)
            self._stage = None
        return self.ledger
