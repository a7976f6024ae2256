"""Keeps every study that is still arriving and asks the pure rules whether it is complete.

Who calls it: the C-STORE handler and the watchers tell it what came; the gateway's ticker asks what is due. It is
the only writer of the index' instances and announcements, so that memory and disk agree; it does not talk to Kafka.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime

import structlog

from schemas.errors import TransientError
from streams.core.readiness import Decision, Patience, decide
from streams.gateway import metrics
from streams.gateway.arrival import ArrivalMaker, Readiness
from streams.gateway.index import Announcement, HeldInstance, HeldProblem, HeldStudy, Index
from streams.gateway.progress import TrackedStudy

_log = structlog.get_logger(__name__)


class Tracker:
    """All studies with something to announce; safe for several threads."""

    def __init__(self, index: Index, maker: ArrivalMaker, patience: Patience, *, started_at: datetime) -> None:
        self._index = index
        self._maker = maker
        self._patience = patience
        self._lock = threading.RLock()
        self._studies: dict[str, TrackedStudy] = {}
        self._is_behind = False
        """The index failed between writing and reading: it may hold studies that are not tracked."""
        self._catch_up(listening_since=started_at)

    @property
    def open_studies(self) -> int:
        """Number of studies that wait for their announcement."""
        return len(self._studies)

    def add(self, held: HeldInstance, association: int | None = None) -> bool:
        """Take an instance; return False if it was held already.

        Raises:
            TransientError: the index cannot be used; what it holds by then is announced nevertheless.
        """
        with self._lock, self._noting_faults():
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
        with self._lock, self._noting_faults():
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
            if self._is_behind:
                self._catch_up(listening_since=None)
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

    @contextmanager
    def _noting_faults(self) -> Iterator[None]:
        try:
            yield
        except TransientError:
            self._is_behind = True
            raise

    def _catch_up(self, *, listening_since: datetime | None) -> None:
        """Track what the index holds and no announcement covers."""
        for study_uid in self._index.pending_studies():
            if study_uid not in self._studies:
                self._studies[study_uid] = TrackedStudy(self._index.study(study_uid), listening_since)
        self._is_behind = False

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
