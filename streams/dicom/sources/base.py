"""The port through which the analyser gets the files of a series.

An adapter is one module (or a few) of this folder: ``spool`` for files the gateway itself received, ``dicomweb`` for a
PACS. Composition roots choose by the alias that an event carries; no event carries an address.
"""

from __future__ import annotations

from pathlib import Path
from typing import Protocol

from schemas.ids import SeriesUid, StudyUid


class ImageSource(Protocol):
    """Gives the files of one series."""

    async def fetch(self, study_uid: StudyUid, series_uid: SeriesUid, into: Path, *, timeout_s: float) -> list[Path]:
        """Return the files of a series, written below ``into`` where they are not on disk already.

        Raises:
            BudgetExhausted: ``timeout_s`` passed.
            PeerUnavailable: the source did not answer, answered nonsense, or does not have the series (yet).
            BadDicom: it gave an instance that is damaged or of another study.
            UnsuitableSeries: it gave more than the configured limits.
        """
        ...
