"""Plain WADO-RS: a whole series in one multipart answer (PS3.18 section 8.7, 10.4), split while it streams in.

``dicomweb`` calls it for every PACS without a faster way. A single ``application/dicom`` body is taken as a series of
one instance, which is what some servers send for one.
"""

from __future__ import annotations

import re
from typing import Final

import aiohttp

from schemas.errors import PeerUnavailable
from streams.dicom.sources.http import Peer
from streams.dicom.sources.writer import InstanceWriter

_ACCEPT: Final = 'multipart/related; type="application/dicom"; transfer-syntax=*'
_CHUNK: Final = 256 * 1024
_BOUNDARY: Final = re.compile(r"boundary=", re.IGNORECASE)


async def fetch_series(peer: Peer, study_uid: str, series_uid: str, writer: InstanceWriter) -> None:
    """Write every instance of a series.

    Raises:
        PeerUnavailable: the answer is no complete multipart of DICOM instances.
        UnsuitableSeries: it is larger than allowed.
    """
    writer.discard()
    url = f"{peer.settings.url.rstrip('/')}/studies/{study_uid}/series/{series_uid}"
    async with peer.request("GET", url, accept=_ACCEPT) as response:
        kind = response.content_type.lower()
        if kind == "application/dicom":
            await _write_single(response, writer)
        elif kind == "multipart/related":
            await _write_parts(peer, response, writer)
        else:
            raise peer.failure(f"answered {kind} instead of DICOM", "not_dicom_answer")
    if not writer.files:
        raise peer.failure("answered without any instance", "series_missing")


async def _write_single(response: aiohttp.ClientResponse, writer: InstanceWriter) -> None:
    with writer.open("000000") as file:
        async for chunk in response.content.iter_chunked(_CHUNK):
            writer.write(file, chunk)
    writer.finish("000000")


async def _write_parts(peer: Peer, response: aiohttp.ClientResponse, writer: InstanceWriter) -> None:
    if not _BOUNDARY.search(response.headers.get("Content-Type", "")):
        raise peer.failure("multipart answer names no boundary", "bad_multipart")
    try:
        parts = aiohttp.MultipartReader.from_response(response)
        while (part := await parts.next()) is not None:
            if not isinstance(part, aiohttp.BodyPartReader):
                raise _damaged(peer)
            await _write_part(part, writer)
    except aiohttp.ClientPayloadError:
        raise
    except (ValueError, AssertionError, RuntimeError, LookupError, aiohttp.http_exceptions.HttpProcessingError):
        raise _damaged(peer) from None


async def _write_part(part: aiohttp.BodyPartReader, writer: InstanceWriter) -> None:
    name = f"{len(writer.files):06d}"
    with writer.open(name) as file:
        while chunk := await part.read_chunk(_CHUNK):
            writer.write(file, chunk)
    writer.finish(name)


def _damaged(peer: Peer) -> PeerUnavailable:
    return peer.failure("multipart answer is damaged or was cut off", "cut_answer")
