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
from schemas.ids import is_uid
from streams.gateway.facts import InstanceFacts, position_mm
from streams.gateway.index import PIXELS_NOT_SEEN, HeldInstance
from streams.gateway.settings import OrthancWatch
from streams.gateway.syntaxes import STORAGE_CLASSES
from streams.gateway.watch.client import BAD_ANSWER, NOT_FOUND, PacsClient
from streams.gateway.watch.loop import Faults, WatchContext

_log = structlog.get_logger(__name__)
_BATCH = 1000
_LOOK_EVERY = 20
_MAX_REMEMBERED_SERIES = 2000


class OrthancWatcher:
    """Reads ``/changes`` from where it stopped; the position is kept in the index."""

    def __init__(self, client: PacsClient, own: OrthancWatch, context: WatchContext) -> None:
        self._client = client
        self._own = own
        self._context = context
        self._cursor_name = f"orthanc:{own.alias}"
        self._empty_polls = 0
        self._speakers: dict[str, InstanceFacts | None] = {}
        """One instance's facts per Orthanc series id, for what all its instances share; None: not for us."""

    async def poll(self) -> bool:
        """Read one batch of changes; see ``Watcher``."""
        since = self._context.index.cursor(self._cursor_name)
        if since is None and not self._own.from_start:
            self._keep(await self._newest())
            return False
        batch = await self._client.get_object("/changes", {"since": since or "0", "limit": str(_BATCH)})
        changes = _changes(batch)
        await self._take([one["ID"] for one in changes if one.get("ChangeType") == "NewInstance"])
        self._keep(_whole(batch, "Last"))
        if not changes:
            await self._look_for_restart(int(since or 0))
        return batch.get("Done") is False

    async def _look_for_restart(self, since: int) -> None:
        """Begin anew where the change log is shorter than what was read of it: Orthanc was emptied or replaced."""
        self._empty_polls += 1
        if self._empty_polls % _LOOK_EVERY == 1 and await self._newest() < since:
            _log.warning("pacs_change_log_restarted", peer=self._own.alias)
            self._speakers.clear()
            self._keep(0)

    async def _newest(self) -> int:
        return _whole(await self._client.get_object("/changes", {"last": ""}), "Last")

    def _keep(self, position: int) -> None:
        self._context.index.set_cursor(self._cursor_name, str(position))

    async def _take(self, instance_ids: Sequence[str]) -> None:
        """Report the instances, series by series: one that names its series tells of all the others in it."""
        waiting, done, faults = dict.fromkeys(instance_ids), {""}, Faults()
        while waiting:
            first = next(iter(waiting))
            waiting.pop(first)
            try:
                series_id = await self._parent(first)
                if series_id in done:
                    continue
                done.add(series_id)
                for other in await self._report(series_id):
                    waiting.pop(other, None)
            except PeerUnavailable as error:
                faults.note(error)
        faults.raise_first()

    async def _parent(self, instance_id: str) -> str:
        """Orthanc id of the series, or "" where the instance was deleted meanwhile."""
        try:
            answer = await self._client.get_object(f"/instances/{_checked_id(instance_id)}")
        except PeerUnavailable as error:
            if error.reason == NOT_FOUND:
                return ""
            raise
        return _checked_id(answer.get("ParentSeries"))

    async def _report(self, series_id: str) -> list[str]:
        """Report all instances of a series; return their Orthanc ids."""
        listed = await self._client.get_objects(f"/series/{series_id}/instances")
        speaker = await self._speaker(series_id, listed[0].get("ID")) if listed else None
        if speaker is not None:
            now = datetime.now(UTC)
            facts = [_facts(speaker, one.get("MainDicomTags")) for one in listed]
            seen = [HeldInstance(one, self._own.alias, PIXELS_NOT_SEEN, now) for one in facts if one is not None]
            await self._context.report(seen)
        return [str(one.get("ID")) for one in listed]

    async def _speaker(self, series_id: str, instance_id: object) -> InstanceFacts | None:
        if series_id not in self._speakers:
            if len(self._speakers) >= _MAX_REMEMBERED_SERIES:
                self._speakers.clear()
            path = f"/instances/{_checked_id(instance_id)}"
            tags = await self._client.get_object(f"{path}/simplified-tags")
            stored = await self._client.get_object(f"{path}/metadata", {"expand": ""})
            self._speakers[series_id] = self._read(tags, str(stored.get("TransferSyntax", "")))
        return self._speakers[series_id]

    def _read(self, tags: Mapping[str, object], syntax: str) -> InstanceFacts | None:
        try:
            facts = self._context.facts(lambda word: _texts(tags.get(word)), syntax)
        except BadDicom as error:
            _log.warning("pacs_instance_refused", peer=self._own.alias, reason=error.reason)
            return None
        # Results that are written back, reports and other objects must not wake a study again.
        return facts if facts.sop_class_uid in STORAGE_CLASSES else None


def _facts(speaker: InstanceFacts, tags: object) -> InstanceFacts | None:
    sop_uid = tags.get("SOPInstanceUID") if isinstance(tags, dict) else None
    if not isinstance(tags, dict) or not isinstance(sop_uid, str) or not is_uid(sop_uid):
        return None
    at = position_mm(_texts(tags.get("ImagePositionPatient")), _texts(tags.get("ImageOrientationPatient")))
    return msgspec.structs.replace(speaker, sop_uid=sop_uid, position_mm=at)


def _texts(value: object) -> list[str]:
    return value.split("\\") if isinstance(value, str) and value else []


def _changes(batch: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    found = batch.get("Changes")
    if not isinstance(found, list):
        raise _not_orthanc("the change log")
    return [one for one in found if isinstance(one, dict) and isinstance(one.get("ID"), str)]


def _whole(answer: Mapping[str, Any], word: str) -> int:
    value = answer.get(word)
    if not isinstance(value, int):
        raise _not_orthanc("the change log")
    return value


def _checked_id(text: object) -> str:
    """Orthanc ids are hexadecimal groups; nothing else may become part of a path."""
    if not isinstance(text, str) or not text or not all(ch in "0123456789abcdef-" for ch in text):
        raise _not_orthanc("an id")
    return text


def _not_orthanc(what: str) -> PeerUnavailable:
    return PeerUnavailable(f"{what} is not one of Orthanc's; see gateway.orthanc: url", reason=BAD_ANSWER)
