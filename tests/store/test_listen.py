"""A cancellation is never lost, whatever comes at the same instant: a pager that is told to stop must stop."""

from __future__ import annotations

import asyncio

import pytest

from store.listen import _next


async def _consume(queue: asyncio.Queue[str]) -> None:
    while True:
        await _next(queue, 60.0)


@pytest.mark.parametrize("ticks", range(6))
async def test_a_cancellation_that_comes_with_a_notification_is_obeyed(ticks: int) -> None:
    queue: asyncio.Queue[str] = asyncio.Queue()
    consuming = asyncio.create_task(_consume(queue))
    for _ in range(4):
        await asyncio.sleep(0)
    queue.put_nowait("page")
    for _ in range(ticks):
        await asyncio.sleep(0)
    consuming.cancel()
    await asyncio.wait([consuming], timeout=1.0)
    assert consuming.cancelled()


async def test_silence_is_an_empty_wake_up() -> None:
    assert await _next(asyncio.Queue(), 0.0) == ""
