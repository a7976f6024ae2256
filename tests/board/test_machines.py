"""What programs read: JSON, health, metrics; and the pages by address."""

from __future__ import annotations

import asyncio
import dataclasses
from datetime import UTC, datetime
from typing import Any

import aiohttp
import pytest
from sqlalchemy.ext.asyncio import AsyncEngine

from board.app import BoardDeps, BoardPorts, assemble, create_app
from board.rows import KeyImageRow
from board.settings import BoardSettings
from schemas.errors import PeerUnavailable
from schemas.findings import Outcome
from store.engine import StoreSettings, open_engine
from tests.board.builders import NOW, FakeReads, board, case, ended, finding, pathway, shift
from tests.board.serving import served


def ports(reads: FakeReads) -> BoardPorts:
    return BoardPorts(reads=reads, wakes=reads.wakes, clock=lambda: NOW)


async def test_the_list_as_json_says_what_the_page_says() -> None:
    async with served(ports(FakeReads(shift()))) as http:
        await ready(http)
        async with http.get("/api/worklist") as response:
            document = await response.json()
    first = document["cases"][0]
    assert first["rank"] == 1
    assert first["state"] == "acknowledged"
    assert first["pathways"][0]["outcome"] == "scored"
    assert first["pathways"][0]["finding"] == "detected"
    assert first["pages"][0]["accepted_at"]
    assert {clock["key"]: clock["seconds"] for clock in first["clocks"]}["arrived"] == 300
    assert document["notice"] == "Research software, not a medical device"
    assert document["stale"] == ""


async def test_health_names_the_peer_that_is_away() -> None:
    reads = FakeReads()
    reads.error = PeerUnavailable("PostgreSQL (setting store.url) does not answer", reason="store_unavailable")
    async with served(ports(reads)) as http:
        await asyncio.sleep(0.1)
        async with http.get("/healthz") as response:
            assert response.status == 503
            state = await response.json()
        async with http.get("/") as response:
            page = await response.text()
    assert not state["ready"]
    assert not state["store_reachable"]
    assert "store.url" in state["reason"]
    assert "Not live" in page


async def test_health_is_green_with_the_age_of_the_last_read() -> None:
    async with served(ports(FakeReads())) as http:
        state = await ready(http)
    assert state["store_reachable"]
    assert state["last_read_age_s"] == 0


async def test_a_real_store_that_is_down_is_reported_and_the_board_lives() -> None:
    store = StoreSettings.model_validate(
        {"url": "postgresql+psycopg://nobody@127.0.0.1:1/none", "connect_timeout_s": 1}
    )
    engine: AsyncEngine = open_engine(store)
    deps = BoardDeps(engine=engine, store=store, settings=BoardSettings(port=0), clock=lambda: datetime.now(UTC))
    async with served(create_app(deps), deps.settings) as http:
        await asyncio.sleep(1)
        async with http.get("/healthz") as response:
            assert response.status == 503
            assert "PostgreSQL (setting store.url)" in (await response.json())["reason"]
    await engine.dispose()


async def test_metrics_are_prometheus_text() -> None:
    async with served(ports(FakeReads(shift()))) as http:
        await ready(http)
        async with http.get("/metrics") as response:
            text = await response.text()
    assert 'codestroke_board_rows{tone="emergency"} 1.0' in text


@pytest.mark.parametrize(
    ("path", "status", "words"),
    [
        ("/cases/ZZZZ", 404, "No case has the code"),
        ("/cases/AB", 404, "A case code is four characters"),
        ("/cases/no%20case", 404, "A case code is four characters"),
        ("/?mode=ceiling", 422, ""),
        ("/docs", 404, ""),
    ],
)
async def test_unknown_addresses_are_refused_kindly(path: str, status: int, words: str) -> None:
    async with served(ports(FakeReads())) as http, http.get(path) as response:
        assert response.status == status
        assert words in await response.text()


async def test_a_case_page_tells_its_story_and_codes_are_case_insensitive() -> None:
    reads = FakeReads(shift())
    reference = reads.rows.cases[0].reference
    async with served(ports(reads)) as http:
        await ready(http)
        async with http.get(f"/cases/{reference.lower()}") as response:
            page = await response.text()
    assert "Acknowledged by neuro-1" in page
    assert "where the time went" in page


async def test_pages_carry_a_strict_policy_and_are_not_cached() -> None:
    async with served(ports(FakeReads())) as http:
        async with http.get("/") as response:
            assert "default-src 'none'" in response.headers["Content-Security-Policy"]
            assert response.headers["Cache-Control"] == "no-store"
            page = await response.text()
        async with http.get("/static/board.js") as response:
            assert response.status == 200
            assert "http" not in (await response.text()), "the page loads nothing from elsewhere"
    assert "//" not in page.replace("http-equiv", "").split("<body")[1]


def test_without_a_carrier_there_are_no_webhooks() -> None:
    routes = {getattr(route, "path", "") for route in assemble(BoardSettings(), ports(FakeReads())).routes}
    assert not any("twilio" in path for path in routes)


async def ready(http: aiohttp.ClientSession) -> dict[str, Any]:
    for _ in range(50):
        async with http.get("/healthz") as response:
            if response.status == 200:
                state: dict[str, Any] = await response.json()
                return state
        await asyncio.sleep(0.05)
    raise AssertionError("the board did not get ready")


async def test_the_case_page_shows_the_key_image_and_its_address_serves_it() -> None:
    explained = dataclasses.replace(
        pathway(outcome=ended(Outcome.scored(finding()), decided_at=NOW)),
        key_image=KeyImageRow(caption="left M1, axial", made_at=NOW),
    )
    row = case("a", explained)
    reads = FakeReads(board(row))
    reads.pictures[row.reference, "stroke"] = b"\x89PNG of the test"
    async with served(ports(reads)) as http:
        async with http.get(f"/cases/{row.reference}") as response:
            html = await response.text()
        assert f"/cases/{row.reference}/stroke.png?v=" in html
        assert "left M1, axial" in html
        async with http.get(f"/cases/{row.reference}/stroke.png") as response:
            assert response.status == 200
            assert response.headers["Content-Type"] == "image/png"
            assert response.headers["Cache-Control"] == "no-store"
            assert await response.read() == b"\x89PNG of the test"
        async with http.get(f"/cases/{row.reference}/chest.png") as response:
            assert response.status == 404
        reads.error = PeerUnavailable("away")
        async with http.get(f"/cases/{row.reference}/stroke.png") as response:
            assert response.status == 503
