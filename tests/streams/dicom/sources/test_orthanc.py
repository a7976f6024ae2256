"""Orthanc's own interface: stored files on several connections, resumed where an attempt failed."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from aiohttp import web

from schemas.errors import PeerUnavailable
from schemas.ids import SeriesUid, StudyUid
from streams.dicom.sources.dicomweb import DicomwebSource
from tests.streams.dicom.builders import SERIES, STUDY
from tests.streams.dicom.sources.pacs import Handler, Pacs, instances

IDS = [f"{n:08x}-00000000-00000000-00000000-0000000{n}" for n in range(6)]
SERIES_ID = "aaaaaaaa-bbbbbbbb-cccccccc-dddddddd-eeeeeeee"


@pytest.fixture
async def pacs() -> AsyncIterator[Pacs]:
    running = Pacs()
    await running.start()
    yield running
    await running.stop()


def _json(body: object) -> Handler:
    async def handle(request: web.Request) -> web.StreamResponse:
        return web.json_response(body)

    return handle


def _orthanc(pacs: Pacs, folder: Path) -> list[bytes]:
    """Make ``pacs`` an Orthanc that holds six instances."""
    parts = instances(folder, len(IDS))
    pacs.handlers["POST", "/tools/lookup"] = _json(
        [{"ID": SERIES_ID, "Path": "/x", "Type": "Series"}, {"Type": "Study"}]
    )
    pacs.handlers["GET", f"/series/{SERIES_ID}"] = _json({"Instances": IDS})
    for identifier, part in zip(IDS, parts, strict=True):
        pacs.handlers["GET", f"/instances/{identifier}/file"] = _file(part)
    return parts


def _file(part: bytes, failures: int = 0, status: int = 503) -> Handler:
    left = [failures]

    async def handle(request: web.Request) -> web.StreamResponse:
        left[0] -= 1
        if left[0] >= 0:
            return web.Response(status=status)
        return web.Response(body=part, content_type="application/dicom")

    return handle


async def _fetch(pacs: Pacs, into: Path, **changes: object) -> list[bytes]:
    source = DicomwebSource(pacs.settings(orthanc_url=pacs.url, **changes))
    try:
        files = await source.fetch(StudyUid(STUDY), SeriesUid(SERIES), into, timeout_s=5)
        return [path.read_bytes() for path in files]
    finally:
        await source.close()


async def test_all_instances_arrive(pacs: Pacs, tmp_path: Path) -> None:
    parts = _orthanc(pacs, tmp_path)
    assert await _fetch(pacs, tmp_path / "got") == parts
    assert {request.headers["Accept-Encoding"] for request in pacs.requests} == {"identity"}


async def test_a_second_attempt_keeps_what_the_first_got(pacs: Pacs, tmp_path: Path) -> None:
    parts = _orthanc(pacs, tmp_path)
    pacs.handlers["GET", f"/instances/{IDS[0]}/file"] = _file(parts[0], failures=1)
    assert await _fetch(pacs, tmp_path / "got", connections=1) == parts
    asked = [request.path for request in pacs.requests if request.path.endswith("/file")]
    assert len(asked) == len(IDS) + 1


async def test_credentials_lost_half_way_are_named(pacs: Pacs, tmp_path: Path) -> None:
    parts = _orthanc(pacs, tmp_path)
    pacs.handlers["GET", f"/instances/{IDS[2]}/file"] = _file(parts[2], failures=99, status=401)
    with pytest.raises(PeerUnavailable, match="credentials refused") as caught:
        await _fetch(pacs, tmp_path / "got")
    assert caught.value.reason == "credentials"


@pytest.mark.parametrize(
    ("lookup", "series", "reason"),
    [
        ([], {}, "series_missing"),
        ([{"ID": SERIES_ID, "Type": "Study"}], {}, "series_missing"),
        ([{"ID": "../system", "Type": "Series"}], {}, "bad_json"),
        ([{"ID": SERIES_ID, "Type": "Series"}], {"Instances": []}, "series_missing"),
        ([{"ID": SERIES_ID, "Type": "Series"}], {"Instances": ["../../tools/shutdown"]}, "bad_json"),
        ([{"ID": SERIES_ID, "Type": "Series"}], [1], "series_missing"),
    ],
)
async def test_nonsense_is_named(pacs: Pacs, tmp_path: Path, lookup: object, series: object, reason: str) -> None:
    pacs.handlers["POST", "/tools/lookup"] = _json(lookup)
    pacs.handlers["GET", f"/series/{SERIES_ID}"] = _json(series)
    with pytest.raises(PeerUnavailable) as caught:
        await _fetch(pacs, tmp_path / "got", attempts=1)
    assert caught.value.reason == reason


async def test_a_page_instead_of_a_file_is_refused(pacs: Pacs, tmp_path: Path) -> None:
    _orthanc(pacs, tmp_path)

    async def page(request: web.Request) -> web.StreamResponse:
        return web.Response(text="<html>", content_type="text/html")

    pacs.handlers["GET", f"/instances/{IDS[3]}/file"] = page
    with pytest.raises(PeerUnavailable, match="text/html instead of DICOM"):
        await _fetch(pacs, tmp_path / "got")


async def test_what_is_not_json_is_refused(pacs: Pacs, tmp_path: Path) -> None:
    async def nested(request: web.Request) -> web.StreamResponse:
        return web.Response(body=b"[" * 100_000)

    pacs.handlers["POST", "/tools/lookup"] = nested
    with pytest.raises(PeerUnavailable, match="not JSON"):
        await _fetch(pacs, tmp_path / "got")
