"""One study that is still arriving, in memory: what is held of it, who sends it, and when to ask again.

Who calls it: the tracker, which owns every study and guards it with its lock. It asks no clock and writes nothing.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from datetime import datetime

from streams.core.readiness import Sending, SeriesProgress, Shape, StudyProgress
from streams.gateway.index import HeldInstance, HeldStudy


class Associations:
    """Which associations bring a study, and how the last of them ended."""

    def __init__(self) -> None:
        self._open: set[int] = set()
        self.state = Sending.UNKNOWN
        self.released_at: datetime | None = None

    def touch(self, association: int) -> None:
        """An association sent an instance of the study."""
        self._open.add(association)
        self.state = Sending.OPEN

    def end(self, association: int, *, released: bool, at: datetime) -> bool:
        """An association ended; return whether it had sent instances of the study."""
        if association not in self._open:
            return False
        self._open.remove(association)
        if not released:
            self.state = Sending.ABORTED
        elif not self._open and self.state is Sending.OPEN:
            self.state, self.released_at = Sending.RELEASED, at
        return True


class TrackedStudy:
    """One study in memory: what is held, who sends it, when to ask again."""

    def __init__(self, held: HeldStudy, listening_since: datetime | None) -> None:
        self.instances = {one.facts.sop_uid: one for one in held.instances}
        self.problems = {one.reason: one for one in held.problems}
        self.revision = held.revision
        self.associations = Associations()
        self.listening_since = listening_since
        self.wake_at: datetime | None = None
        self.is_changed = True

    def progress(self) -> StudyProgress:
        """The study as the pure rules want it."""
        by_series: dict[str, list[HeldInstance]] = defaultdict(list)
        for one in self.instances.values():
            by_series[one.facts.series_uid].append(one)
        pending = [one.arrived_at for one in self.instances.values() if one.revision is None]
        pending += [one.noticed_at for one in self.problems.values() if one.revision is None]
        return StudyProgress(
            series={uid: _series_progress(held) for uid, held in by_series.items()},
            arrivals=tuple(pending),
            sending=self.associations.state,
            released_at=self.associations.released_at,
            expected=_largest(one.facts.expected_in_study for one in self.instances.values()),
            revision=self.revision,
            listening_since=self.listening_since,
        )


def _series_progress(held: list[HeldInstance]) -> SeriesProgress:
    stack = [one.facts.position_mm for one in held if one.facts.shape is Shape.STACK]
    return SeriesProgress(
        shape=Shape.STACK if stack else Shape.SELF_CONTAINED,
        instances=len(held),
        pending=sum(one.revision is None for one in held),
        positions_mm=tuple(at for at in stack if at is not None) if None not in stack else (),
        expected=_largest(one.facts.expected_in_series for one in held),
    )


def _largest(counts: Iterable[int | None]) -> int | None:
    return max((count for count in counts if count is not None), default=None)
