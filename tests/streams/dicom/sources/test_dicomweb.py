"""Plain WADO-RS: a whole series arrives, or a clear error does that names the PACS and its setting."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web

from schemas.errors import BadDicom, BudgetExhausted, CodestrokeError, PeerUnavailable, UnsuitableSeries
from schemas.ids import SeriesUid, StudyUid
from streams.dicom.sources.dicomweb import DicomwebSource
from streams.dicom.sources.settings import DicomwebSettings
from tests.streams.dicom.builders import SERIES, STUDY
from tests.streams.dicom.sources.pacs import BOUNDARY, CONTENT_TYPE, Pacs, instances, multipart


@pytest.fixture
async def pacs() -> AsyncIterator[Pacs]:
    running = Pacs()
    await running.start()
    yield running
    await running.stop()


async def _fetch(settings: DicomwebSettings, into: Path, *, timeout_s: float = 5.0) -> list[bytes]:
    source = DicomwebSource(settings)
    try:
        files = await source.fetch(StudyUid(STUDY), SeriesUid(SERIES), into, timeout_s=timeout_s)
        return [path.read_bytes() for path in files]
    finally:
        await source.close()


def _ok(body: bytes, kind: str = CONTENT_TYPE, status: int = 200, **headers: str) -> web.Response:
    return web.Response(status=status, body=body, headers={"Content-Type": kind} | headers)


@pytest.mark.parametrize("lengths", [True, False])
async def test_a_series_arrives_byte_for_byte(pacs: Pacs, tmp_path: Path, lengths: bool) -> None:
    parts = instances(tmp_path)
    pacs.series(_ok(multipart(parts, lengths=lengths)))
    assert await _fetch(pacs.settings(authorization="Bearer x"), tmp_path / "got") == parts
    headers = pacs.requests[0].headers
    assert headers["Accept-Encoding"] == "identity"
    assert headers["Authorization"] == "Bearer x"
    assert "transfer-syntax=*" in headers["Accept"]


async def test_quoted_boundary_is_understood(pacs: Pacs, tmp_path: Path) -> None:
    parts = instances(tmp_path)
    pacs.series(_ok(multipart(parts), CONTENT_TYPE.replace(BOUNDARY, f'"{BOUNDARY}"')))
    assert await _fetch(pacs.settings(), tmp_path / "got") == parts


async def test_boundary_inside_the_pixels_does_not_cut(pacs: Pacs, tmp_path: Path) -> None:
    parts = [part[:-64] + f"\r\n--{BOUNDARY}\r\n".encode().ljust(64, b"x") for part in instances(tmp_path)]
    pacs.series(_ok(multipart(parts)))
    assert await _fetch(pacs.settings(), tmp_path / "got") == parts


async def test_a_single_dicom_body_is_a_series_of_one(pacs: Pacs, tmp_path: Path) -> None:
    parts = instances(tmp_path, 1)
    pacs.series(_ok(parts[0], "application/dicom"))
    assert await _fetch(pacs.settings(), tmp_path / "got") == parts


WRONG: list[tuple[str, dict[str, Any], str]] = [
    ("W4 no boundary", {"kind": "multipart/related"}, "bad_multipart"),
    ("W4 wrong boundary", {"kind": CONTENT_TYPE + "x"}, "cut_answer"),
    ("W3 no closing boundary", {"end": False}, "cut_answer"),
    ("W7 partial", {"status": 206}, "partial_answer"),
    ("W8 204", {"status": 204}, "series_missing"),
    ("W8 404", {"status": 404}, "series_missing"),
    ("W10 429", {"status": 429}, "peer_unavailable"),
    ("W11 401", {"status": 401}, "credentials"),
    ("W12 gzip", {"Content-Encoding": "gzip"}, "content_encoding"),
    ("W17 JSON", {"kind": "application/json"}, "not_dicom_answer"),
    ("login page", {"kind": "text/html"}, "not_dicom_answer"),
    ("redirect", {"status": 302, "Location": "http://169.254.169.254/"}, "http_status"),
    ("500", {"status": 500}, "peer_unavailable"),
]


@pytest.mark.parametrize(("answer", "reason"), [case[1:] for case in WRONG], ids=[case[0] for case in WRONG])
async def test_a_wrong_answer_is_named(pacs: Pacs, tmp_path: Path, answer: dict[str, Any], reason: str) -> None:
    answer = dict(answer)
    pacs.series(_ok(multipart(instances(tmp_path), end=answer.pop("end", True)), **answer))
    with pytest.raises(PeerUnavailable, match=r"PACS main: .* \(setting sources.main.url\)") as caught:
        await _fetch(pacs.settings(attempts=2), tmp_path / "got")
    assert caught.value.reason == reason


@pytest.mark.parametrize("status", [401, 302, 400])
async def test_hopeless_answers_are_not_asked_for_again(pacs: Pacs, tmp_path: Path, status: int) -> None:
    pacs.series(_ok(b"", status=status))
    with pytest.raises(PeerUnavailable):
        await _fetch(pacs.settings(), tmp_path / "got")
    assert len(pacs.requests) == 1


@pytest.mark.parametrize("first", [503, 404, 206])
async def test_a_passing_failure_is_tried_again(pacs: Pacs, tmp_path: Path, first: int) -> None:
    parts = instances(tmp_path)
    pacs.series(_ok(b"", status=first), _ok(multipart(parts)))
    assert await _fetch(pacs.settings(), tmp_path / "got") == parts


async def test_half_a_series_is_not_mixed_with_the_next_attempt(pacs: Pacs, tmp_path: Path) -> None:
    parts = instances(tmp_path)
    pacs.series(_ok(multipart(parts * 2, end=False)), _ok(multipart(parts)))
    assert await _fetch(pacs.settings(), tmp_path / "got") == parts


@pytest.mark.parametrize(
    ("value", "attempts"), [("0", 2), ("3600", 1), ("Wed, 21 Oct 2099 07:28:00 GMT", 2), ("soon", 2)]
)
async def test_retry_after_is_honoured_within_the_budget(pacs: Pacs, tmp_path: Path, value: str, attempts: int) -> None:
    pacs.series(_ok(b"", status=503, **{"Retry-After": value}))
    begin = time.monotonic()
    with pytest.raises(PeerUnavailable):
        await _fetch(pacs.settings(attempts=2), tmp_path / "got", timeout_s=5)
    assert len(pacs.requests) == attempts
    assert time.monotonic() - begin < 3


async def _stall(request: web.Request) -> web.StreamResponse:
    response = web.StreamResponse(headers={"Content-Type": CONTENT_TYPE})
    await response.prepare(request)
    await asyncio.sleep(30)
    return response


async def _slow_loris(request: web.Request) -> web.StreamResponse:
    response = web.StreamResponse(headers={"Content-Type": CONTENT_TYPE})
    await response.prepare(request)
    for byte in b"--pacs-boundary\r\n" * 10:
        await response.write(bytes([byte]))
        await asyncio.sleep(0.05)
    return response


async def test_slow_loris_ends_with_the_budget(pacs: Pacs, tmp_path: Path) -> None:
    pacs.series(_slow_loris)
    with pytest.raises(BudgetExhausted, match=r"PACS main: series not complete within 0\.5 s"):
        await _fetch(pacs.settings(), tmp_path / "got", timeout_s=0.5)


async def test_a_stall_is_noticed_before_the_budget_ends(pacs: Pacs, tmp_path: Path) -> None:
    parts = instances(tmp_path)
    pacs.series(_stall, _ok(multipart(parts)))
    assert await _fetch(pacs.settings(stall_s=0.3), tmp_path / "got") == parts


async def test_a_cut_connection_is_a_cut_answer(pacs: Pacs, tmp_path: Path) -> None:
    body = multipart(instances(tmp_path))

    async def cut(request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse(headers={"Content-Type": CONTENT_TYPE, "Content-Length": str(len(body))})
        await response.prepare(request)
        await response.write(body[: len(body) // 2])
        assert request.transport is not None
        request.transport.close()
        return response

    pacs.series(cut)
    with pytest.raises(PeerUnavailable) as caught:
        await _fetch(pacs.settings(attempts=1), tmp_path / "got")
    assert caught.value.reason == "cut_answer"


async def test_no_pacs_at_all_is_named(tmp_path: Path) -> None:
    settings = DicomwebSettings("main", "http://127.0.0.1:9", "sources.main.url", attempts=1)
    with pytest.raises(PeerUnavailable, match=r"PACS main: no connection .*\(setting sources.main.url\)"):
        await _fetch(settings, tmp_path)


@pytest.mark.parametrize(
    ("tags", "reason"),
    [({"StudyInstanceUID": "1.2.9"}, "wrong_study"), ({"SeriesInstanceUID": "1.2.9"}, "wrong_series")],
)
async def test_an_instance_of_elsewhere_is_refused(
    pacs: Pacs, tmp_path: Path, tags: dict[str, str], reason: str
) -> None:
    pacs.series(_ok(multipart(instances(tmp_path) + instances(tmp_path, 1, **tags))))
    with pytest.raises(BadDicom) as caught:
        await _fetch(pacs.settings(), tmp_path / "got")
    assert caught.value.reason == reason


@pytest.mark.parametrize("part", [b"", b"<html>", b"\0" * 300])
async def test_a_part_that_is_no_instance_is_refused(pacs: Pacs, tmp_path: Path, part: bytes) -> None:
    pacs.series(_ok(multipart([*instances(tmp_path), part])))
    with pytest.raises(BadDicom):
        await _fetch(pacs.settings(), tmp_path / "got")


async def test_parts_without_headers_are_read_or_refused(pacs: Pacs, tmp_path: Path) -> None:
    parts = instances(tmp_path)
    pacs.series(_ok(multipart(parts, headers=False)))
    assert await _fetch(pacs.settings(), tmp_path / "got") == parts


@pytest.mark.parametrize(
    ("limit", "reason"), [({"max_bytes": 900}, "too_large"), ({"max_instances": 2}, "too_many_instances")]
)
async def test_limits_hold(pacs: Pacs, tmp_path: Path, limit: dict[str, int], reason: str) -> None:
    pacs.series(_ok(multipart(instances(tmp_path))))
    with pytest.raises(UnsuitableSeries) as caught:
        await _fetch(pacs.settings(**limit), tmp_path / "got")
    assert caught.value.reason == reason


async def test_a_uid_that_is_none_never_reaches_the_pacs(pacs: Pacs, tmp_path: Path) -> None:
    source = DicomwebSource(pacs.settings())
    with pytest.raises(CodestrokeError, match="UID"):
        await source.fetch(StudyUid("../admin"), SeriesUid(SERIES), tmp_path, timeout_s=1)
    assert pacs.requests == []


def test_settings_hide_the_token() -> None:
    assert "secret" not in repr(DicomwebSettings("a", "http://x", "s", authorization="Bearer secret"))
