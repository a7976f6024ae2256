"""The gateway as a service: the DICOM door, the watchers, the readiness ticker and the announcer, with one life.

Who calls it: the composition root mounts it in ``codestroke gateway``. Nothing here decides; it connects parts.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta

import structlog

from schemas.errors import TransientError
from schemas.topics import STUDY_ARRIVED
from streams.gateway import metrics
from streams.gateway.announcer import Announcer, RecordSink
from streams.gateway.arrival import ArrivalMaker, TopicOf
from streams.gateway.index import INDEX_NAME, Index
from streams.gateway.reception import Reception
from streams.gateway.retention import purge
from streams.gateway.scp import StoreScp
from streams.gateway.settings import GatewaySettings, OrthancWatch, QidoWatch, facts_reader
from streams.gateway.spool import Spool
from streams.gateway.tracker import Tracker
from streams.gateway.watch.client import PacsClient
from streams.gateway.watch.loop import WatchContext, pause, watch
from streams.gateway.watch.orthanc import OrthancWatcher
from streams.gateway.watch.qido import QidoWatcher

_log = structlog.get_logger(__name__)
# How late a due announcement may be noticed; small against the second that geometry waits.
_TICK_S = 0.05
_PURGE_EVERY_S = 3600.0
_PAUSE_AFTER_FAULT_S = 1.0


class Gateway:
    """Receives, waits until complete, announces. ``run`` may be called once."""

    def __init__(
        self, settings: GatewaySettings, sink: RecordSink, *, topic_of: TopicOf = lambda _: STUDY_ARRIVED
    ) -> None:
        self._settings = settings
        self._spool = Spool(settings.spool, refused_keep=settings.refused_keep)
        self._index = Index(settings.spool / INDEX_NAME)
        site_key = settings.site_key.get_secret_value()
        maker = ArrivalMaker(site=settings.site, site_key=site_key, topic_of=topic_of)
        self._tracker = Tracker(self._index, maker, settings.quiet.patience(), started_at=datetime.now(UTC))
        self._reception = Reception(settings, self._spool, self._index, self._tracker)
        self._context = WatchContext(self._index, facts_reader(settings), self._tracker)
        self._scp = StoreScp(settings, self._reception, self._tracker)
        self._announcer = Announcer(self._index, sink, retry_max_s=settings.announce_retry_max_s)
        self._ready = asyncio.Event()

    @property
    def port(self) -> int:
        """The port of the DICOM door; 0 before it is open."""
        return self._scp.port

    async def run(self, stop: asyncio.Event) -> None:
        """Run until ``stop`` is set; what is not announced by then is announced after the next start.

        Raises:
            PeerUnavailable: the DICOM port cannot be bound.
        """
        await asyncio.to_thread(self._recover)
        self._scp.start()
        self._ready.set()
        try:
            async with asyncio.TaskGroup() as tasks:
                tasks.create_task(self._announcer.run(stop))
                tasks.create_task(self._tick(stop))
                tasks.create_task(self._retain(stop))
                for orthanc in self._settings.orthanc:
                    tasks.create_task(self._watch_orthanc(orthanc, stop))
                for qido in self._settings.qido:
                    tasks.create_task(self._watch_qido(qido, stop))
        finally:
            self._ready.clear()
            await asyncio.to_thread(self._scp.stop)
            await asyncio.to_thread(self._spool.close)
            self._index.close()

    async def wait_until_ready(self) -> None:
        """Return once the DICOM door is open."""
        await self._ready.wait()

    def health(self) -> Mapping[str, object]:
        """What ``/healthz`` shows."""
        return {
            "ready": self._ready.is_set(),
            "dicom_port": self.port,
            "open_studies": self._tracker.open_studies,
            "kafka": self._announcer.state,
            "unsent_announcements": self._announcer.unsent,
        }

    def _recover(self) -> None:
        leftovers = self._spool.remove_leftovers()
        recovered = sum(self._reception.recover(path) for path in self._spool.files())
        if leftovers or recovered:
            _log.info("spool_recovered", instances=recovered, temporary_files_removed=leftovers)

    def purge(self, older_than: datetime) -> int:
        """Delete announced studies that came before ``older_than`` from the spool; return how many."""
        return purge(self._spool, self._index, older_than)

    async def _retain(self, stop: asyncio.Event) -> None:
        while not stop.is_set():
            try:
                await asyncio.to_thread(self.purge, datetime.now(UTC) - timedelta(days=self._settings.keep_days))
            except (OSError, TransientError) as error:
                _log.error("spool_purge_failed", setting="gateway.spool", error=str(error))
            await pause(stop, _PURGE_EVERY_S)

    async def _watch_orthanc(self, own: OrthancWatch, stop: asyncio.Event) -> None:
        async with PacsClient(own) as client:
            await watch(OrthancWatcher(client, own, self._context), own, stop)

    async def _watch_qido(self, own: QidoWatch, stop: asyncio.Event) -> None:
        async with PacsClient(own) as client:
            await watch(QidoWatcher(client, own, self._context), own, stop)

    async def _tick(self, stop: asyncio.Event) -> None:
        while not stop.is_set():
            try:
                made = await asyncio.to_thread(self._tracker.announce_due, datetime.now(UTC))
            except TransientError as error:
                _log.error("readiness_delayed", setting="gateway.spool", error=str(error))
                await pause(stop, _PAUSE_AFTER_FAULT_S)
                continue
            if made:
                self._announcer.wake()
            metrics.OPEN_STUDIES.set(self._tracker.open_studies)
            await pause(stop, _TICK_S)
