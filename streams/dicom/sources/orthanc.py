"""Orthanc's own interface: its stored files as they are, several at a time.

``dicomweb`` calls it where the settings name Orthanc's address: 211 MB take 0.14 to 0.2 s this way and 0.22 s by
WADO-RS, and an attempt that failed half way goes on where it stopped.
"""

from __future__ import annotations

import asyncio
import re
from typing import Any, Final

import msgspec

from streams.dicom.sources.http import Peer
from streams.dicom.sources.writer import InstanceWriter

_ID: Final = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{8}){4}")
_CHUNK: Final = 1024 * 1024
_MAX_JSON: Final = 16 * 1024 * 1024


async def fetch_series(peer: Peer, root: str, series_uid: str, writer: InstanceWriter) -> None:
    """Write every instance of a series; ``root`` is Orthanc's address.

    Raises:
        PeerUnavailable: Orthanc does not know the series, or answers nonsense.
        UnsuitableSeries: it is larger than allowed.
    """
    root = root.rstrip("/")
    found = await _json(peer, "POST", f"{root}/tools/lookup", data=series_uid)
    series = [item.get("ID") for item in _dicts(found) if item.get("Type") == "Series"]
    if not series:
        raise peer.failure("does not know the series", "series_missing")
    answers = [await _json(peer, "GET", f"{root}/series/{_checked(peer, item)}") for item in series]
    waiting = [_checked(peer, item) for answer in _dicts(answers) for item in answer.get("Instances", [])]
    if not waiting:
        raise peer.failure("lists no instance of the series", "series_missing")
    async with asyncio.TaskGroup() as group:
        for _ in range(peer.settings.connections):
            group.create_task(_fetch_instances(peer, root, waiting, writer))


async def _fetch_instances(peer: Peer, root: str, waiting: list[str], writer: InstanceWriter) -> None:
    while waiting:
        name = waiting.pop()
        if not writer.has(name):
            await _fetch_instance(peer, root, name, writer)


async def _fetch_instance(peer: Peer, root: str, name: str, writer: InstanceWriter) -> None:
    async with peer.request("GET", f"{root}/instances/{name}/file", accept="application/dicom") as response:
        if response.content_type.lower() != "application/dicom":
            raise peer.failure(f"answered {response.content_type} instead of DICOM", "not_dicom_answer")
        with writer.open(name) as file:
            async for chunk in response.content.iter_chunked(_CHUNK):
                writer.write(file, chunk)
        writer.finish(name)


async def _json(peer: Peer, method: str, url: str, **body: Any) -> object:
    async with peer.request(method, url, accept="application/json", **body) as response:
        data = bytearray()
        async for chunk in response.content.iter_chunked(_CHUNK):
            data += chunk
            if len(data) > _MAX_JSON:
                raise peer.failure("JSON answer is too long", "bad_json")
    try:
        return msgspec.json.decode(data)
    except (msgspec.DecodeError, RecursionError):
        raise peer.failure("answer is not JSON", "bad_json") from None


def _dicts(answer: object) -> list[dict[str, Any]]:
    return [item for item in answer if isinstance(item, dict)] if isinstance(answer, list) else []


def _checked(peer: Peer, identifier: object) -> str:
    """Take an Orthanc identifier, which goes into a path, only if it is one."""
    if not isinstance(identifier, str) or not _ID.fullmatch(identifier):
        raise peer.failure("named a resource by no Orthanc identifier", "bad_json")
    return identifier
