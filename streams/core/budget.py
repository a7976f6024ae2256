"""The deadline as an object: what time is left, where it went, whether a miss is coming. Pure; ``now`` is given."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from schemas.ledger import Ledger, Span, Stage


@dataclass(frozen=True, slots=True)
class Budget:
    """Deadline and ledger of one case on one pathway.

    The ledger is kept without holes: ``reached`` is the end of its last span, and the next span begins there, so that
    every moment belongs to the stage that was under way.
    """

    arrived_at: datetime
    deadline: datetime
    ledger: Ledger = ()

    @property
    def reached(self) -> datetime:
        """Up to where time is accounted for."""
        return max((span.end for span in self.ledger), default=self.arrived_at)

    def remaining_s(self, now: datetime) -> float:
        """Seconds until the deadline; negative when it has passed."""
        return (self.deadline - now).total_seconds()

    def spent(self, stage: Stage, now: datetime) -> Budget:
        """Book the time since ``reached`` on ``stage``; a clock that stepped back books nothing."""
        if now <= self.reached:
            return self
        return replace(self, ledger=(*self.ledger, Span(stage=stage, start=self.reached, end=now)))

    def misses(self, now: datetime, needed_s: float) -> bool:
        """Predict a miss: less time is left than the remaining steps usually need."""
        return self.remaining_s(now) < needed_s


def deadline_of(arrived_at: datetime, budget: timedelta) -> datetime:
    """The deadline of a case that arrived at ``arrived_at``."""
    return arrived_at + budget
