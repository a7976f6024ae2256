"""Takes one received instance in: read, check, make durable, remember; and says how that ended.

Who calls it: the C-STORE handler, from the thread of each association, and the recovery scan at start. It knows
nothing of DICOM networking; the handler turns the answer into a status.
"""

from __future__ import annotations

import enum
import threading
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import structlog
from pydicom.uid import UID

from schemas.errors import BadDicom
from streams.gateway import metrics
from streams.gateway.facts import InstanceFacts, values_of
from streams.gateway.header import Header, keep_values_out_of_warnings, pixel_digest, read_header, split_file
from streams.gateway.index import PIXELS_NOT_SEEN, HeldInstance, HeldProblem, Index
from streams.gateway.settings import GatewaySettings, facts_reader
from streams.gateway.spool import REFUSED_DIR, Spool, Staged
from streams.gateway.tracker import Tracker

_log = structlog.get_logger(__name__)
_STRIPES = 64
DIFFERENT_PIXELS = "repeated_instance_differs"
NOT_AS_NAMED = "not_as_named"


class Taken(enum.StrEnum):
    """How an instance was taken; all three are a success for the sender."""

    NEW = "new"
    SAME = "same"
    KEPT_FIRST = "kept_first"


@dataclass(frozen=True, slots=True)
class Received:
    """One instance as received; ``file_meta`` is preamble, prefix and file meta information, ready to write."""

    encoded: bytes
    file_meta: bytes
    sop_class_uid: str
    sop_uid: str
    transfer_syntax: UID
    association: int | None
    at: datetime


class Reception:
    """Takes instances into the spool; safe for several threads."""

    def __init__(self, settings: GatewaySettings, spool: Spool, index: Index, tracker: Tracker) -> None:
        keep_values_out_of_warnings()
        self._facts_of = facts_reader(settings)
        self._source = settings.source
        self._spool = spool
        self._index = index
        self._tracker = tracker
        self._stripes = tuple(threading.Lock() for _ in range(_STRIPES))

    def take(self, received: Received) -> Taken:
        """Take one instance; durable on return.

        Raises:
            BadDicom: it cannot be read, is cut, or is not the instance that the command named.
            TransientError: the index cannot be written.
            OSError: the spool cannot be written.
        """
        staged = self._spool.stage((received.file_meta, received.encoded))
        is_kept = False
        try:
            facts, digest = self._read(received)
            with self._stripes[hash(facts.sop_uid) % _STRIPES]:
                taken = self._store(received, facts, digest, staged)
            is_kept = taken is Taken.NEW
        finally:
            if not is_kept:
                self._spool.discard(staged)
        return taken

    def _read(self, received: Received) -> tuple[InstanceFacts, str]:
        """Read and check; what is refused becomes a problem of its study, where that is known."""
        try:
            header = read_header(received.encoded, received.transfer_syntax)
        except BadDicom as error:
            self._refuse_unreadable(received, error)
            raise
        try:
            facts, digest = self._facts(header), pixel_digest(header)
            _check_named(facts, received)
        except BadDicom as error:
            self._refuse(header, received, error)
            raise
        return facts, digest

    def recover(self, path: Path) -> bool:
        """Remember a file that a killed gateway made durable but did not index; return whether it did.

        Raises:
            TransientError: the index cannot be written.
        """
        if self._index.digest_of(path.parent.parent.name, path.stem) is not None:
            return False
        try:
            syntax, encoded = split_file(path.read_bytes())
            header = read_header(encoded, syntax)
            facts, digest = self._facts(header), pixel_digest(header)
            written_at = datetime.fromtimestamp(path.stat().st_mtime, tz=UTC)
        except (BadDicom, OSError) as error:
            _log.warning("spool_file_unreadable", error=type(error).__name__, setting="gateway.spool")
            return False
        return self._tracker.add(HeldInstance(facts, self._source, digest, written_at))

    def _facts(self, header: Header) -> InstanceFacts:
        return self._facts_of(values_of(header.dataset), str(header.syntax))

    def _store(self, received: Received, facts: InstanceFacts, digest: str, staged: Staged) -> Taken:
        held = HeldInstance(facts, self._source, digest, received.at)
        known = self._index.digest_of(facts.study_uid, facts.sop_uid)
        if known is not None:
            self._tracker.add(held, received.association)
            return self._repeated(facts, is_same=known in (digest, PIXELS_NOT_SEEN), at=received.at)
        path = self._spool.path_of(facts.study_uid, facts.series_uid, facts.sop_uid)
        self._spool.commit(staged, path)
        self._tracker.add(held, received.association)
        metrics.INSTANCES.labels(self._source).inc()
        metrics.BYTES.inc(len(received.encoded))
        return Taken.NEW

    def _repeated(self, facts: InstanceFacts, *, is_same: bool, at: datetime) -> Taken:
        if is_same:
            return Taken.SAME
        self._tracker.add_problem(facts.study_uid, HeldProblem(DIFFERENT_PIXELS, self._source, at))
        return Taken.KEPT_FIRST

    def _refuse(self, header: Header, received: Received, error: BadDicom) -> None:
        study_uid = header.study_uid
        if study_uid is None:
            self._refuse_unreadable(received, error)
            return
        metrics.REFUSED.labels(error.reason).inc()
        _log.warning("instance_refused", reason=error.reason)
        self._tracker.add_problem(study_uid, HeldProblem(error.reason, self._source, received.at))

    def _refuse_unreadable(self, received: Received, error: BadDicom) -> None:
        metrics.REFUSED.labels(error.reason).inc()
        _log.warning("instance_refused_study_unknown", reason=error.reason, kept_in=REFUSED_DIR)
        self._spool.keep_refused(received.encoded)


def _check_named(facts: InstanceFacts, received: Received) -> None:
    if (facts.sop_uid, facts.sop_class_uid) != (received.sop_uid, received.sop_class_uid):
        raise BadDicom("the dataset is not the instance that the command names", reason=NOT_AS_NAMED)
