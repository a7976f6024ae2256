"""The spool: received instances as files, each durable before the sender is told so.

Layout: ``<root>/<study>/<series>/<sop>.dcm``; unparsable datasets in ``<root>/.refused``. Who calls it: the
C-STORE handler, the recovery scan and the retention job. It trusts no UID into a path and re-encodes nothing.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor, wait
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from uuid import uuid4

from schemas.errors import BadDicom
from schemas.ids import is_uid

REFUSED_DIR = ".refused"
STAGING_DIR = ".incoming"
# One per association that is just then storing; a disk that syncs slowly gains from several at once.
_WRITERS = 8
_TEMPORARY = ".tmp"


@dataclass(frozen=True, slots=True)
class Staged:
    """A file that is being written and synced while its header is read."""

    temporary: Path
    written: Future[None]


class Spool:
    """Files under one root; safe for several threads, because each file has its own name."""

    def __init__(self, root: Path, *, refused_keep: int = 100) -> None:
        self._root = root
        self._refused_keep = refused_keep
        (root / STAGING_DIR).mkdir(parents=True, exist_ok=True)
        self._writers = ThreadPoolExecutor(_WRITERS, thread_name_prefix="spool")

    def path_of(self, study_uid: str, series_uid: str, sop_uid: str) -> Path:
        """Where an instance lies.

        Raises:
            BadDicom: one of them is not a UID; nothing else may become a path.
        """
        if not all(is_uid(uid) for uid in (study_uid, series_uid, sop_uid)):
            raise BadDicom("a UID is not a DICOM UID (PS3.5 9.1)", reason="bad_uid")
        return self._root / study_uid / series_uid / f"{sop_uid}.dcm"

    def stage(self, parts: tuple[bytes, ...]) -> Staged:
        """Begin to write ``parts`` durably under a temporary name, in a thread of its own."""
        temporary = self._root / STAGING_DIR / f"{uuid4().hex}{_TEMPORARY}"
        return Staged(temporary, self._writers.submit(_write_synced, temporary, parts))

    def commit(self, staged: Staged, path: Path) -> None:
        """Put a staged file at ``path``, durable on return: file synced, renamed, folder synced.

        Raises:
            OSError: no space left, or another fault of the disk; nothing new is under ``path`` then.
        """
        try:
            staged.written.result()
            self._make_folder(path.parent)
            os.rename(staged.temporary, path)
        except OSError:
            staged.temporary.unlink(missing_ok=True)
            raise
        _sync_folder(path.parent)

    def discard(self, staged: Staged) -> None:
        """Forget a staged file."""
        wait([staged.written])
        staged.temporary.unlink(missing_ok=True)

    def close(self) -> None:
        """Stop the writing threads."""
        self._writers.shutdown(wait=True)

    def keep_refused(self, encoded: bytes) -> None:
        """Keep an unparsable dataset for the engineer, up to the cap; the newest are dropped beyond it.

        Raises:
            OSError: the disk refused.
        """
        folder = self._root / REFUSED_DIR
        folder.mkdir(exist_ok=True)
        if len(os.listdir(folder)) < self._refused_keep:
            (folder / f"{uuid4().hex}.bin").write_bytes(encoded)

    def remove_leftovers(self) -> int:
        """Remove temporary files of a process that was killed while writing; return how many."""
        leftovers = list((self._root / STAGING_DIR).glob(f"*{_TEMPORARY}"))
        for leftover in leftovers:
            leftover.unlink(missing_ok=True)
        return len(leftovers)

    def files(self) -> Iterator[Path]:
        """Every instance file."""
        return self._root.glob("[0-9]*/[0-9]*/[0-9]*.dcm")

    def remove_study(self, study_uid: str) -> None:
        """Delete the files of one study."""
        if is_uid(study_uid):
            shutil.rmtree(self._root / study_uid, ignore_errors=True)

    def purge_refused(self, older_than: datetime) -> int:
        """Delete refused datasets written before ``older_than``; return how many."""
        old = [one for one in (self._root / REFUSED_DIR).glob("*") if one.stat().st_mtime < older_than.timestamp()]
        for one in old:
            one.unlink(missing_ok=True)
        return len(old)

    def _make_folder(self, folder: Path) -> None:
        if folder.is_dir():
            return
        folder.mkdir(parents=True, exist_ok=True)
        _sync_folder(folder.parent)
        _sync_folder(self._root)


def _write_synced(path: Path, parts: tuple[bytes, ...]) -> None:
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o640)
    try:
        with os.fdopen(descriptor, "wb", buffering=0, closefd=False) as file:
            for part in parts:
                view = memoryview(part)
                while view:
                    view = view[file.write(view) :]
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _sync_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
