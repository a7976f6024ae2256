"""The event stream, read from a real server over a real connection."""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import AsyncIterator
from datetime import UTC, datetime

import aiohttp

from board.app import BoardPorts
from schemas.errors import PeerUnavailable
from tests.board.builders import FakeReads, board, case
from tests.board.serving import Event, events_of, next_event, served


def ports(reads: FakeReads) -> BoardPorts:
    return BoardPorts(reads=reads, wakes=reads.wakes, clock=lambda: datetime.now(UTC))


async def test_a_screen_gets_the_whole_state_at_once_and_again_on_change() -> None:
    reads = FakeReads(board(case("one")))
    async with served(ports(reads)) as http, http.get("/events") as response:
        assert response.content_type == "text/event-stream"
        events = events_of(response)
        first = await next_event(events, "board")
        assert first.data["html"].count('class="case ') == 1
        reads.change(board(case("one"), case("two")))
        second = await next_event(events, "board")
        assert second.data["html"].count('class="case ') == 2
        assert first.id != second.id


async def test_a_screen_that_comes_back_with_the_newest_state_gets_only_a_beat() -> None:
    reads = FakeReads(board(case()))
    async with served(ports(reads)) as http:
        async with http.get("/events") as response:
            seen = (await next_event(events_of(response), "board")).id
        async with http.get("/events", headers={"Last-Event-ID": seen}) as response:
            names = [event.name async for event in take(response, 3)]
        assert names == ["beat"] * 3


async def test_a_screen_that_missed_a_change_gets_every_row_once() -> None:
    reads = FakeReads(board(case("one")))
    async with served(ports(reads)) as http:
        async with http.get("/events") as response:
            seen = (await next_event(events_of(response), "board")).id
        reads.change(board(case("one"), case("two"), case("three")))
        await asyncio.sleep(0.3)
        async with http.get("/events", headers={"Last-Event-ID": seen}) as response:
            html = (await next_event(events_of(response), "board")).data["html"]
        assert html.count('class="case ') == 3


async def test_the_heart_beats_and_carries_the_servers_time() -> None:
    async with served(ports(FakeReads())) as http, http.get("/events") as response:
        events = events_of(response)
        stamps = [datetime.fromisoformat((await next_event(events, "beat")).data["now"]) for _ in range(4)]
        gaps = [(later - earlier).total_seconds() for earlier, later in itertools.pairwise(stamps)]
        assert max(gaps) < 2


async def test_an_unreachable_store_turns_the_screens_stale_and_back() -> None:
    reads = FakeReads(board(case()))
    async with served(ports(reads)) as http, http.get("/events") as response:
        events = events_of(response)
        await next_event(events, "board")
        reads.error = PeerUnavailable("PostgreSQL (setting store.url) does not answer", reason="store_unavailable")
        stale = await next_event(events, "stale")
        assert stale.data["reason"] == "store_unavailable"
        assert "store.url" in stale.data["words"]
        reads.error = None
        await next_event(events, "beat")


async def test_a_reader_that_breaks_turns_the_screens_stale_and_is_started_again() -> None:
    reads = FakeReads(board(case()))
    async with served(ports(reads)) as http, http.get("/events") as response:
        events = events_of(response)
        await next_event(events, "board")
        reads.bug = RuntimeError("a fault of ours")
        assert (await next_event(events, "stale")).data["reason"] == "reader_failed"
        reads.bug = None
        await next_event(events, "beat")


async def test_a_stopping_server_does_not_wait_for_open_screens() -> None:
    loop = asyncio.get_running_loop()
    async with served(ports(FakeReads())) as http, http.get("/events") as response:
        await next_event(events_of(response), "beat")
        began = loop.time()
    assert loop.time() - began < 5


async def take(response: aiohttp.ClientResponse, count: int) -> AsyncIterator[Event]:
    async for event in events_of(response):
        yield event
        count -= 1
        if not count:
            return
