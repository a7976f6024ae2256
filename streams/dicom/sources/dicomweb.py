"""A PACS over DICOMweb: attempts, time-outs, and what counts as the series we asked for.

The analyser's composition root builds one ``DicomwebSource`` per alias. Only failures that may pass are tried again,
within the time the case has left; what the PACS gave is checked before anybody decodes it.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from pathlib import Path

import stamina

from schemas.errors import BudgetExhausted, MalformedEvent, PeerUnavailable
from schemas.ids import SeriesUid, StudyUid, is_uid
from streams.dicom.sources import orthanc, wado
from streams.dicom.sources.http import RETRYABLE, Peer
from streams.dicom.sources.settings import DicomwebSettings
from streams.dicom.sources.writer import InstanceWriter, check_belonging


class DicomwebSource:
    """Fetches series from one PACS."""

    def __init__(self, settings: DicomwebSettings) -> None:
        self._settings = settings
        self._peer = Peer(settings)

    async def fetch(self, study_uid: StudyUid, series_uid: SeriesUid, into: Path, *, timeout_s: float) -> list[Path]:
        """Fetch a series into the folder ``into``; errors as ``ImageSource.fetch``."""
        if not (is_uid(study_uid) and is_uid(series_uid)):
            raise MalformedEvent("a UID of the case is not a DICOM UID (PS3.5 9.1)", reason="bad_uid")
        try:
            async with asyncio.timeout(timeout_s):
                await self._attempts(study_uid, series_uid, writer := self._writer(into), timeout_s)
                return await asyncio.to_thread(check_belonging, writer.files, study_uid, series_uid)
        except TimeoutError:
            settings = self._settings
            raise BudgetExhausted(
                f"PACS {settings.alias}: series not complete within {timeout_s:.1f} s (setting {settings.setting})"
            ) from None

    async def close(self) -> None:
        """Close the connections to the PACS."""
        await self._peer.close()

    def _writer(self, into: Path) -> InstanceWriter:
        return InstanceWriter(into, max_bytes=self._settings.max_bytes, max_instances=self._settings.max_instances)

    async def _attempts(self, study_uid: str, series_uid: str, writer: InstanceWriter, timeout_s: float) -> None:
        retries = stamina.retry_context(
            on=_retry_within(time.monotonic() + timeout_s), attempts=self._settings.attempts, timeout=timeout_s
        )
        async for attempt in retries:
            with attempt:
                await self._fetch_once(study_uid, series_uid, writer)

    async def _fetch_once(self, study_uid: str, series_uid: str, writer: InstanceWriter) -> None:
        try:
            if self._settings.orthanc_url is None:
                await wado.fetch_series(self._peer, study_uid, series_uid, writer)
            else:
                await orthanc.fetch_series(self._peer, self._settings.orthanc_url, series_uid, writer)
        except BaseExceptionGroup as group:
            # Parallel downloads fail together for one cause: the first says it.
            raise _first(group) from None


def _first(group: BaseExceptionGroup[BaseException]) -> BaseException:
    error: BaseException = group
    while isinstance(error, BaseExceptionGroup):
        error = error.exceptions[0]
    return error


def _retry_within(deadline: float) -> Callable[[Exception], float | bool]:
    """Say how long to wait before the next attempt (s), or False where another is pointless or too late."""

    def judge(error: Exception) -> float | bool:
        if not isinstance(error, PeerUnavailable) or error.reason not in RETRYABLE:
            return False
        return error.retry_after_s if time.monotonic() + error.retry_after_s < deadline else False

    return judge
