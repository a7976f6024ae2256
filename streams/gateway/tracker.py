"""Keeps every study that is still arriving and asks the pure rules whether it is complete.

Who calls it: the C-STORE handler and the watchers tell it what came; the gateway's ticker asks what is due. It is
the only writer of the index' instances and announcements, so that memory and disk agree; it does not talk to Kafka.
"""

from __future__ import annotations

import threading
from collections import defaultdict
from collections.abc import Iterable
from datetime import datetime

import structlog

from streams.core.readiness import Decision, Patience, Sending, SeriesProgress, Shape, StudyProgress, decide
from streams.gateway import metrics
from streams.gateway.arrival import ArrivalMaker, Readiness
from streams.gateway.index import Announcement, HeldInstance, HeldProblem, HeldStudy, Index

_log = structlog.get_logger(__name__)


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


class Tracker:
    """All studies with something to announce; safe for several threads."""

    def __init__(self, index: Index, maker: ArrivalMaker, patience: Patience, *, started_at: datetime) -> None:
        self._index = index
        self._maker = maker
        self._patience = patience
        self._lock = threading.RLock()
        self._studies: dict[str, TrackedStudy] = {}
        for study_uid in index.pending_studies():
            self._studies[study_uid] = TrackedStudy(index.study(study_uid), started_at)

    @property
    def open_studies(self) -> int:
        """Number of studies that wait for their announcement."""
        return len(self._studies)

    def add(self, held: HeldInstance, association: int | None = None) -> bool:
        """Take an instance; return False if it was held already."""
        with self._lock:
            study_uid = held.facts.study_uid
            is_new = not self._belongs_elsewhere(study_uid, held.source) and self._index.add_instance(held)
            study = self._tracked(study_uid) if is_new else self._studies.get(study_uid)
            if study is not None and association is not None:
                study.associations.touch(association)
                study.is_changed = True
            if study is not None and is_new:
                study.instances[held.facts.sop_uid] = held
                study.is_changed = True
            return is_new

    def add_problem(self, study_uid: str, problem: HeldProblem) -> None:
        """Take note of an instance that is refused or not trusted."""
        with self._lock:
            if self._index.add_problem(study_uid, problem):
                study = self._tracked(study_uid)
                study.problems[problem.reason] = problem
                study.is_changed = True

    def end_association(self, association: int, *, released: bool, at: datetime) -> None:
        """Tell every study that an association brought that it was released or aborted."""
        with self._lock:
            for study in self._studies.values():
                study.is_changed |= study.associations.end(association, released=released, at=at)

    def announce_due(self, now: datetime) -> list[Announcement]:
        """Announce (in the index) every study that is complete at ``now``, and return what was announced."""
        with self._lock:
            made = []
            for study_uid, study in list(self._studies.items()):
                if study.is_changed or (study.wake_at is not None and now >= study.wake_at):
                    decision = self._ask(study, now)
                    if decision.ready:
                        made.append(self._announce(study_uid, study, Readiness(decision.rule, now)))
            return made

    def _ask(self, study: TrackedStudy, now: datetime) -> Decision:
        decision = decide(study.progress(), self._patience, now)
        # A study that is ready stays due until its announcement is in the index.
        study.is_changed, study.wake_at = decision.ready, decision.wake_at
        return decision

    def _announce(self, study_uid: str, study: TrackedStudy, readiness: Readiness) -> Announcement:
        held = HeldStudy(tuple(study.instances.values()), tuple(study.problems.values()), study.revision)
        announcement = self._maker.make(study_uid, held, readiness)
        self._index.announce(announcement)
        del self._studies[study_uid]
        _count(study, readiness)
        return announcement

    def _belongs_elsewhere(self, study_uid: str, source: str) -> bool:
        """The image source that showed a study first stays its source: two would announce it twice."""
        owner = self._index.source_of(study_uid)
        if owner is None or owner == source:
            return False
        _log.info("instance_of_other_source_ignored", source=source, owner=owner)
        return True

    def _tracked(self, study_uid: str) -> TrackedStudy:
        if study_uid not in self._studies:
            self._studies[study_uid] = TrackedStudy(self._index.study(study_uid), None)
        return self._studies[study_uid]


def _count(study: TrackedStudy, readiness: Readiness) -> None:
    waited = readiness.at - max(study.progress().arrivals)
    metrics.READY_SECONDS.labels(readiness.rule).observe(max(0.0, waited.total_seconds()))
    metrics.ANNOUNCED.labels(readiness.rule, "true" if study.revision else "false").inc()


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
