"""The gateway's memory on disk: which instances are here, which announcement covers them, what is yet to be told.

One SQLite file (WAL) beside the spool. Who calls it: the tracker and the announcer. An announcement is written
here, synced, before it is sent, and sent again byte for byte until Kafka has it: a gateway that is killed at any
instant neither forgets a study nor tells two stories of it. It holds no name, patient id or accession number.
"""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import msgspec

from schemas.codec import Record
from schemas.errors import TransientError
from streams.gateway.facts import InstanceFacts

INDEX_NAME = ".index.sqlite"
PIXELS_NOT_SEEN = ""
"""Digest of an instance that was only seen in a watched PACS: nothing is known of its pixels."""
_SCHEMA = """
CREATE TABLE IF NOT EXISTS instance(
  study_uid TEXT NOT NULL, sop_uid TEXT NOT NULL, source TEXT NOT NULL, digest TEXT NOT NULL,
  arrived_at REAL NOT NULL, facts BLOB NOT NULL, revision INTEGER,
  PRIMARY KEY(study_uid, sop_uid)) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS pending_instance ON instance(study_uid) WHERE revision IS NULL;
CREATE TABLE IF NOT EXISTS problem(
  study_uid TEXT NOT NULL, reason TEXT NOT NULL, source TEXT NOT NULL, noticed_at REAL NOT NULL, revision INTEGER,
  PRIMARY KEY(study_uid, reason)) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS announcement(
  event_id TEXT PRIMARY KEY, study_uid TEXT NOT NULL, revision INTEGER NOT NULL, topic TEXT NOT NULL,
  key BLOB NOT NULL, value BLOB NOT NULL, headers BLOB NOT NULL, made_at REAL NOT NULL, sent_at REAL,
  UNIQUE(study_uid, revision));
CREATE TABLE IF NOT EXISTS cursor(alias TEXT PRIMARY KEY, value TEXT NOT NULL);
"""


@dataclass(frozen=True, slots=True)
class HeldInstance:
    """An instance as the index knows it; ``revision`` is None until an announcement covers it."""

    facts: InstanceFacts
    source: str
    digest: str
    arrived_at: datetime
    revision: int | None = None


@dataclass(frozen=True, slots=True)
class HeldProblem:
    """A reason why an instance of the study is not here, or not trusted."""

    reason: str
    source: str
    noticed_at: datetime
    revision: int | None = None


@dataclass(frozen=True, slots=True)
class HeldStudy:
    """All that the index knows of a study."""

    instances: tuple[HeldInstance, ...]
    problems: tuple[HeldProblem, ...]
    revision: int


@dataclass(frozen=True, slots=True)
class Announcement:
    """An event that must reach Kafka; ``made_at`` is when the study was judged complete."""

    event_id: str
    study_uid: str
    revision: int
    record: Record
    made_at: datetime


class Index:
    """Access to the SQLite file; one connection behind one lock, so that any thread may call.

    Every method raises ``TransientError`` where the disk fails.
    """

    def __init__(self, path: Path) -> None:
        self._lock = threading.RLock()
        with _translated():
            self._db = sqlite3.connect(path, check_same_thread=False, isolation_level=None)
            self._db.executescript("PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL;" + _SCHEMA)

    def close(self) -> None:
        """Close the file."""
        with self._lock:
            self._db.close()

    def add_instance(self, held: HeldInstance) -> bool:
        """Remember an instance; return False if one of this SOPInstanceUID is already held in the study."""
        facts = held.facts
        row = (facts.study_uid, facts.sop_uid, held.source, held.digest, held.arrived_at.timestamp(),
               msgspec.msgpack.encode(facts))  # fmt: skip
        sql = "INSERT OR IGNORE INTO instance VALUES(?,?,?,?,?,?,NULL)"
        return self._run(sql, row).rowcount == 1

    def digest_of(self, study_uid: str, sop_uid: str) -> str | None:
        """Digest of a held instance, or None."""
        rows = self._all("SELECT digest FROM instance WHERE study_uid=? AND sop_uid=?", (study_uid, sop_uid))
        return str(rows[0][0]) if rows else None

    def source_of(self, study_uid: str) -> str | None:
        """Image source of a study, or None if nothing of it is held."""
        rows = self._all("SELECT source FROM instance WHERE study_uid=? LIMIT 1", (study_uid,))
        return str(rows[0][0]) if rows else None

    def add_problem(self, study_uid: str, problem: HeldProblem) -> bool:
        """Remember a problem; return False if the study has it already."""
        row = (study_uid, problem.reason, problem.source, problem.noticed_at.timestamp())
        return self._run("INSERT OR IGNORE INTO problem VALUES(?,?,?,?,NULL)", row).rowcount == 1

    def pending_studies(self) -> list[str]:
        """Studies with something that no announcement covers."""
        sql = """SELECT study_uid FROM instance WHERE revision IS NULL
                 UNION SELECT study_uid FROM problem WHERE revision IS NULL"""
        return [str(row[0]) for row in self._all(sql)]

    def study(self, study_uid: str) -> HeldStudy:
        """Read one study; an unknown one is empty."""
        instances = self._all(
            "SELECT facts, source, digest, arrived_at, revision FROM instance WHERE study_uid=?", (study_uid,)
        )
        problems = self._all("SELECT reason, source, noticed_at, revision FROM problem WHERE study_uid=?", (study_uid,))
        latest = self._all("SELECT max(revision) FROM announcement WHERE study_uid=?", (study_uid,))[0][0]
        return HeldStudy(
            tuple(
                HeldInstance(msgspec.msgpack.decode(facts, type=InstanceFacts), source, digest, _instant(at), revision)
                for facts, source, digest, at, revision in instances
            ),
            tuple(HeldProblem(reason, source, _instant(at), revision) for reason, source, at, revision in problems),
            int(latest or 0),
        )

    def announce(self, announcement: Announcement) -> None:
        """Write an announcement and mark all pending of its study as covered, in one synced transaction."""
        record = announcement.record
        headers = msgspec.msgpack.encode([[name, value] for name, value in record.headers])
        row = (announcement.event_id, announcement.study_uid, announcement.revision, record.topic, record.key,
               record.value, headers, announcement.made_at.timestamp())  # fmt: skip
        covered = (announcement.revision, announcement.study_uid)
        with self._lock, _translated():
            self._db.execute("PRAGMA synchronous=FULL")
            try:
                self._db.execute("BEGIN IMMEDIATE")
                self._db.execute("INSERT INTO announcement VALUES(?,?,?,?,?,?,?,?,NULL)", row)
                self._db.execute("UPDATE instance SET revision=? WHERE study_uid=? AND revision IS NULL", covered)
                self._db.execute("UPDATE problem SET revision=? WHERE study_uid=? AND revision IS NULL", covered)
                self._db.execute("COMMIT")
            finally:
                if self._db.in_transaction:
                    self._db.execute("ROLLBACK")
                self._db.execute("PRAGMA synchronous=NORMAL")

    def unsent(self) -> list[Announcement]:
        """Announcements that Kafka has not acknowledged, oldest first."""
        sql = """SELECT event_id, study_uid, revision, topic, key, value, headers, made_at FROM announcement
                 WHERE sent_at IS NULL ORDER BY made_at, revision"""
        return [
            Announcement(event_id, study_uid, revision, Record(topic, key, value, _headers(headers)), _instant(made_at))
            for event_id, study_uid, revision, topic, key, value, headers, made_at in self._all(sql)
        ]

    def mark_sent(self, event_id: str, at: datetime) -> None:
        """Note the broker's acknowledgement."""
        self._run("UPDATE announcement SET sent_at=? WHERE event_id=?", (at.timestamp(), event_id))

    def cursor(self, alias: str) -> str | None:
        """How far a watched PACS has been read; None before the first time."""
        rows = self._all("SELECT value FROM cursor WHERE alias=?", (alias,))
        return str(rows[0][0]) if rows else None

    def set_cursor(self, alias: str, value: str) -> None:
        """Remember how far a watched PACS has been read."""
        self._run(
            "INSERT INTO cursor VALUES(?,?) ON CONFLICT(alias) DO UPDATE SET value=excluded.value", (alias, value)
        )

    def finished_before(self, older_than: datetime) -> list[str]:
        """Studies whose last instance came before ``older_than`` and whose every announcement was acknowledged."""
        sql = """SELECT study_uid FROM instance GROUP BY study_uid
                 HAVING max(arrived_at) < ? AND count(*) = count(revision)
                 EXCEPT SELECT study_uid FROM announcement WHERE sent_at IS NULL
                 EXCEPT SELECT study_uid FROM problem WHERE revision IS NULL"""
        return [str(row[0]) for row in self._all(sql, (older_than.timestamp(),))]

    def forget(self, study_uid: str) -> None:
        """Delete what is known of a study's instances; its announcements stay, so that revisions keep counting."""
        self._run("DELETE FROM instance WHERE study_uid=?", (study_uid,))
        self._run("DELETE FROM problem WHERE study_uid=?", (study_uid,))

    def _run(self, sql: str, row: tuple[object, ...] = ()) -> sqlite3.Cursor:
        with self._lock, _translated():
            return self._db.execute(sql, row)

    def _all(self, sql: str, row: tuple[object, ...] = ()) -> list[tuple[Any, ...]]:
        with self._lock, _translated():
            return self._db.execute(sql, row).fetchall()


@contextmanager
def _translated() -> Iterator[None]:
    try:
        yield
    except sqlite3.Error as error:
        raise TransientError(
            f"the index of the spool (setting gateway.spool) cannot be used: {error}", reason="index_unavailable"
        ) from error


def _headers(packed: bytes) -> list[tuple[str, bytes]]:
    return msgspec.msgpack.decode(packed, type=list[tuple[str, bytes]])


def _instant(seconds: float) -> datetime:
    return datetime.fromtimestamp(seconds, tz=UTC)
