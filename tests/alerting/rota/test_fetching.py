"""Files and web addresses: bounded in time and size, asked for changes only, and never quoted."""

from __future__ import annotations

import traceback
from pathlib import Path

import pytest

from alerting.rota.fetching import TIMEOUT_S, Fetched, FetchFailed, fetch
from alerting.rota.occurrences import LARGEST_BYTES
from tests.alerting.rota.servers import calendar_server

TOKEN = "canary-4711-token"


async def _reason(location: str, *, timeout_s: float = TIMEOUT_S) -> str:
    with pytest.raises(FetchFailed) as caught:
        await fetch(location, timeout_s=timeout_s)
    assert TOKEN not in "".join(traceback.format_exception(caught.value))
    return caught.value.reason


async def test_a_file_is_read_by_path_and_by_file_address(tmp_path: Path) -> None:
    file = tmp_path / "the rota.ics"
    file.write_bytes(b"\xef\xbb\xbfBEGIN \xff\0")
    expected = Fetched("BEGIN \N{REPLACEMENT CHARACTER}\N{REPLACEMENT CHARACTER}")
    assert await fetch(str(file)) == expected
    assert await fetch(file.as_uri()) == expected


async def test_files_that_are_absent_or_too_large_are_refused(tmp_path: Path) -> None:
    assert await _reason(str(tmp_path / TOKEN)) == "no_file"
    assert await _reason(str(tmp_path)) == "no_file"
    (tmp_path / "large").write_bytes(b"x" * (LARGEST_BYTES + 1))
    assert await _reason(str(tmp_path / "large")) == "too_large"


async def test_an_unchanged_calendar_is_not_sent_again() -> None:
    async with calendar_server("text") as server:
        server.etag = '"v1"'
        assert await fetch(server.url) == Fetched("text", '"v1"')
        assert await fetch(server.url, etag='"v1"') is None
        assert server.asked == ["", '"v1"']


async def test_redirects_are_followed() -> None:
    async with calendar_server("text") as server:
        assert await fetch(server.url.replace("rota.ics", "moved")) == Fetched("text")
        assert await _reason(server.url.replace("rota.ics", "loop")) == "no_answer"


@pytest.mark.parametrize("status", [204, 304, 401, 404, 500, 503])
async def test_any_answer_but_200_is_a_failure_with_its_status(status: int) -> None:
    async with calendar_server("text") as server:
        server.status = status
        assert await _reason(f"{server.url}?token={TOKEN}") == f"http_{status}"


async def test_a_server_that_hangs_costs_the_time_out_only() -> None:
    async with calendar_server("text") as server:
        server.hang_s = 30
        assert await _reason(f"{server.url}?token={TOKEN}", timeout_s=0.2) == "timeout"


async def test_an_answer_without_end_is_cut() -> None:
    async with calendar_server() as server:
        server.body = b"x" * (LARGEST_BYTES + 1)
        assert await _reason(server.url) == "too_large"


@pytest.mark.parametrize(
    ("location", "reason"),
    [
        (f"http://127.0.0.1:9/{TOKEN}", "no_connection"),
        (f"https://127.0.0.1:9/{TOKEN}", "no_connection"),
        (f"webcal://127.0.0.1:9/{TOKEN}", "no_connection"),
        (f"http://:99999999/{TOKEN}", "bad_address"),
        (f"ftp://{TOKEN}", "no_file"),
        (f"\0{TOKEN}", "no_file"),
    ],
)
async def test_addresses_that_lead_nowhere_are_never_quoted(location: str, reason: str) -> None:
    assert await _reason(location) == reason
