"""Images that the gateway received itself: already on disk, so nothing is copied.

The layout is the gateway's: ``<root>/<StudyInstanceUID>/<SeriesInstanceUID>/<SOPInstanceUID>.dcm``.
"""

from __future__ import annotations

import asyncio
from pathlib import Path

from schemas.errors import BudgetExhausted, MalformedEvent, PeerUnavailable
from schemas.ids import SeriesUid, StudyUid, is_uid


class SpoolSource:
    """Reads the gateway's spool below ``root``."""

    def __init__(self, root: Path) -> None:
        self._root = root

    async def fetch(self, study_uid: StudyUid, series_uid: SeriesUid, into: Path, *, timeout_s: float) -> list[Path]:
        """Return the files of a series in the spool; ``into`` stays unused. Errors as ``ImageSource.fetch``."""
        if timeout_s <= 0:
            raise BudgetExhausted("no time left to fetch")
        return await asyncio.to_thread(files_of, self._root, study_uid, series_uid)


def files_of(root: Path, study_uid: str, series_uid: str) -> list[Path]:
    """List the finished instance files of a series, sorted by name.

    Raises:
        MalformedEvent: a UID that is none, which could name another folder.
        PeerUnavailable: the series is not in the spool.
    """
    if not (is_uid(study_uid) and is_uid(series_uid)):
        raise MalformedEvent("a UID of the case is not a DICOM UID (PS3.5 9.1)", reason="bad_uid")
    files = sorted((root / study_uid / series_uid).glob("*.dcm"))
    if not files:
        raise PeerUnavailable("image spool: the series is not there (setting spool)", reason="series_missing")
    return files
