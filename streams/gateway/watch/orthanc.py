"""Watches an Orthanc by its change log; it does not wait for Orthanc's own "stable", which means 60 s of silence.

Who calls it: the poll loop. For each batch of new instances it asks once per series, not once per instance.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

import msgspec
import structlog

from schemas.errors import BadDicom, PeerUnavailable
from streams.gateway.facts import InstanceFacts, position_mm
from streams.gateway.index import HeldInstance
from streams.gateway.settings import OrthancWatch
from streams.gateway.syntaxes import STORAGE_CLASSES
from streams.gateway.watch.client import NOT_FOUND, PacsClient
from streams.gateway.watch.loop import WatchContext

_log = structlog.get_logger(__name__)
_BATCH = 1000
_MAX_REMEMBERED_SERIES = 2000


class OrthancWatcher:
    """Reads ``/changes`` from where it stopped; the position is kept in the index."""

    def __init__(self, client: PacsClient, own: OrthancWatch, context: WatchContext) -> None:
        self._client = client
        self._own = own
        self._context = context
        self._cursor_name = f"orthanc:{own.alias}"
        self._speakers: dict[str, InstanceFacts | None] = {}
        """One instance's facts per Orthanc series id, for what all its instances share; None: not for us."""

    async def poll(self) -> bool:
        """Read one batch of changes; see ``Watcher``."""
        since = self._context.index.cursor(self._cursor_name)
        if since is None and not self._own.from_start:
            last = await self._client.get("/changes", {"last": ""})
            self._context.index.set_cursor(self._cursor_name, str(_whole(last, "Last")))
            return False
        batch = await self._client.get("/changes", {"since": since or "0", "limit": str(_BATCH)})
        await self._take([one["ID"] for one in _changes(batch) if one.get("ChangeType") == "NewInstance"])
        self._context.index.set_cursor(self._cursor_name, str(_whole(batch, "Last")))
        return batch.get("Done") is False

    async def _take(self, instance_ids: Sequence[str]) -> None:
        """Report the instances, series by series: one that names its series tells of all the others in it."""
        waiting = dict.fromkeys(instance_ids)
        while waiting:
            first = next(iter(waiting))
            series_id = await self._parent(first)
            listed = await self._client.get(f"/series/{series_id}/instances") if series_id else []
            await self._report(series_id, listed)
            for one in listed or []:
                waiting.pop(str(one.get("ID")), None)
            waiting.pop(first, None)

    async def _parent(self, instance_id: str) -> str:
        """Orthanc id of the series, or "" where the instance was deleted meanwhile."""
        try:
            answer = await self._client.get(f"/instances/{_checked_id(instance_id)}")
        except PeerUnavailable as error:
            if error.reason == NOT_FOUND:
                return ""
            raise
        return _checked_id(str(answer.get("ParentSeries")))

    async def _report(self, series_id: str, listed: Sequence[Mapping[str, Any]] | None) -> None:
        if not listed:
            return
        speaker = await self._speaker(series_id, str(listed[0].get("ID")))
        if speaker is None:
            return
        now = datetime.now(UTC)
        facts = [_facts(speaker, one.get("MainDicomTags") or {}) for one in listed]
        await self._context.report([HeldInstance(one, self._own.alias, "", now) for one in facts if one is not None])

    async def _speaker(self, series_id: str, instance_id: str) -> InstanceFacts | None:
        if series_id not in self._speakers:
            if len(self._speakers) >= _MAX_REMEMBERED_SERIES:
                self._speakers.clear()
            path = f"/instances/{_checked_id(instance_id)}"
            tags = await self._client.get(f"{path}/simplified-tags")
            syntax = await self._client.get(f"{path}/metadata?expand")
            self._speakers[series_id] = self._read(tags, str((syntax or {}).get("TransferSyntax", "")))
        return self._speakers[series_id]

    def _read(self, tags: Mapping[str, object], syntax: str) -> InstanceFacts | None:
        try:
            facts = self._context.facts(lambda word: _texts(tags.get(word)), syntax)
        except BadDicom as error:
            _log.warning("pacs_instance_refused", peer=self._own.alias, reason=error.reason)
            return None
        # Results that are written back, reports and other objects must not wake a study again.
        return facts if facts.sop_class_uid in STORAGE_CLASSES else None


def _facts(speaker: InstanceFacts, tags: Mapping[str, object]) -> InstanceFacts | None:
    sop_uid = str(tags.get("SOPInstanceUID", ""))
    if not sop_uid:
        return None
    at = position_mm(_texts(tags.get("ImagePositionPatient")), _texts(tags.get("ImageOrientationPatient")))
    return msgspec.structs.replace(speaker, sop_uid=sop_uid, position_mm=at)


def _texts(value: object) -> list[str]:
    return value.split("\\") if isinstance(value, str) and value else []


def _changes(batch: object) -> list[Mapping[str, Any]]:
    found = batch.get("Changes") if isinstance(batch, dict) else None
    if not isinstance(found, list):
        raise PeerUnavailable("the change log is not one of Orthanc's; see gateway.orthanc")
    return [one for one in found if isinstance(one, dict) and isinstance(one.get("ID"), str)]


def _whole(answer: object, word: str) -> int:
    value = answer.get(word) if isinstance(answer, dict) else None
    if not isinstance(value, int):
        raise PeerUnavailable("the change log is not one of Orthanc's; see gateway.orthanc")
    return value


def _checked_id(text: str) -> str:
    """Orthanc ids are hexadecimal groups; nothing else may become part of a path."""
    if not text or not all(ch in "0123456789abcdef-" for ch in text):
        raise PeerUnavailable("an id is not one of Orthanc's; see gateway.orthanc")
    return text
