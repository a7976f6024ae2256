"""The feed: one reader for all screens, and its trouble."""

from __future__ import annotations

import asyncio

import pytest
from prometheus_client import CollectorRegistry

from board.feed import BoardFeed
from board.metrics import BoardMetrics
from schemas.errors import PeerUnavailable
from tests.board.builders import NOW, FakeReads, board, case, shift

AWAY = PeerUnavailable("PostgreSQL (setting store.url) does not answer", reason="store_unavailable")


@pytest.fixture
def registry() -> CollectorRegistry:
    return CollectorRegistry()


def feed_of(reads: FakeReads, registry: CollectorRegistry) -> BoardFeed:
    return BoardFeed(reads, reads.wakes, clock=lambda: NOW, metrics=BoardMetrics(registry))


async def test_a_failed_read_keeps_the_last_picture_and_names_the_trouble(registry: CollectorRegistry) -> None:
    reads = FakeReads(board(case()))
    feed = feed_of(reads, registry)
    await feed.refresh()
    reads.error = AWAY
    await feed.refresh()
    assert feed.picture is not None
    assert len(feed.picture.view.cases) == 1
    assert feed.trouble is not None
    assert feed.trouble.reason == "store_unavailable"
    assert registry.get_sample_value("codestroke_board_failed_reads_total") == 1


async def test_a_good_read_ends_the_trouble(registry: CollectorRegistry) -> None:
    reads = FakeReads()
    reads.error = AWAY
    feed = feed_of(reads, registry)
    await feed.refresh()
    reads.error = None
    await feed.refresh()
    assert feed.trouble is None


async def test_only_news_wakes_the_screens(registry: CollectorRegistry) -> None:
    reads = FakeReads(board(case()))
    feed = feed_of(reads, registry)
    await feed.refresh()
    waiting = asyncio.create_task(feed.changed(within_s=5))
    await asyncio.sleep(0)
    await feed.refresh()
    await asyncio.sleep(0.01)
    assert not waiting.done(), "nothing new was read"
    reads.rows = board(case("b"))
    await feed.refresh()
    await asyncio.wait_for(waiting, timeout=1)


async def test_open_cases_are_counted_by_state(registry: CollectorRegistry) -> None:
    await feed_of(FakeReads(shift()), registry).refresh()
    assert registry.get_sample_value("codestroke_board_cases", {"state": "not analysed"}) == 1
    assert registry.get_sample_value("codestroke_board_cases", {"state": "closed"}) == 0
