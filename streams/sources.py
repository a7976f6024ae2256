"""Builds the image sources of a worker from its settings; part of the composition root."""

from __future__ import annotations

import base64
from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path

from streams.dicom.sources.base import ImageSource
from streams.dicom.sources.dicomweb import DicomwebSource
from streams.dicom.sources.settings import DicomwebSettings
from streams.dicom.sources.spool import SpoolSource
from streams.settings import SourceKind, SourceSettings

SPOOL = "spool"
_ORTHANC_DICOMWEB = "/dicom-web"


@asynccontextmanager
async def open_sources(settings: Mapping[str, SourceSettings], spool: Path) -> AsyncIterator[Mapping[str, ImageSource]]:
    """The spool and every configured source, by alias; connections are closed at the end of the block."""
    async with AsyncExitStack() as stack:
        sources: dict[str, ImageSource] = {SPOOL: SpoolSource(spool)}
        for alias, item in settings.items():
            if item.kind is SourceKind.SPOOL:
                sources[alias] = SpoolSource(spool)
                continue
            source = DicomwebSource(_dicomweb(alias, item))
            stack.push_async_callback(source.close)
            sources[alias] = source
        yield sources


def _dicomweb(alias: str, item: SourceSettings) -> DicomwebSettings:
    root = item.url.rstrip("/")
    orthanc = item.kind is SourceKind.ORTHANC
    return DicomwebSettings(
        alias=alias,
        url=f"{root}{_ORTHANC_DICOMWEB}" if orthanc else root,
        setting=f"worker.sources.{alias}.url",
        orthanc_url=root if orthanc else None,
        authorization=_basic(item),
        connections=item.connections,
    )


def _basic(item: SourceSettings) -> str | None:
    if not item.user:
        return None
    pair = f"{item.user}:{item.password.get_secret_value()}"
    return "Basic " + base64.b64encode(pair.encode()).decode("ascii")
