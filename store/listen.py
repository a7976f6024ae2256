"""LISTEN/NOTIFY: waking the pager and the board without polling hard.

A notification is only a hint: a lost one costs the poll interval, never a page.
"""

from __future__ import annotations

import asyncio
import contextlib
import enum
from collections.abc import AsyncGenerator

import psycopg
import structlog
from sqlalchemy import text
from sqlalchemy.engine import make_url
from sqlalchemy.ext.asyncio import AsyncConnection

from store.engine import StoreSettings

_log = structlog.get_logger(__name__)
_RETRY_S = 1.0


class Channel(enum.StrEnum):
    """Notification channels."""

    PAGES = "codestroke_pages"
    WORKLIST = "codestroke_worklist"


async def notify(connection: AsyncConnection, channel: Channel, payload: str = "") -> None:
    """Notify listeners when the surrounding transaction commits."""
    await connection.execute(text("SELECT pg_notify(:channel, :payload)"), {"channel": channel, "payload": payload})


async def wake_ups(settings: StoreSettings, channel: Channel, *, every_s: float) -> AsyncGenerator[str, None]:
    """Yield at once, then on every notification and at least every ``every_s`` seconds, for ever.

    The listening connection is renewed when PostgreSQL went away; meanwhile the interval alone wakes the caller.
    """
    queue: asyncio.Queue[str] = asyncio.Queue(maxsize=1)
    task = asyncio.create_task(_listen(settings, channel, queue), name=f"listen-{channel}")
    try:
        yield ""
        while True:
            yield await _next(queue, every_s)
    finally:
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await task


async def _next(queue: asyncio.Queue[str], within_s: float) -> str:
    # Not wait_for: on Python 3.11 it swallows a cancellation that comes together with an item.
    try:
        async with asyncio.timeout(within_s):
            return await queue.get()
    except TimeoutError:
        return ""


async def _listen(settings: StoreSettings, channel: Channel, queue: asyncio.Queue[str]) -> None:
    dsn = make_url(settings.url.get_secret_value()).set(drivername="postgresql")
    while True:
        try:
            await _listen_once(dsn.render_as_string(hide_password=False), channel, queue, settings.connect_timeout_s)
        except psycopg.Error as error:
            _log.warning("listen_lost", channel=str(channel), peer="postgresql", error=type(error).__name__)
        await asyncio.sleep(_RETRY_S)


async def _listen_once(dsn: str, channel: Channel, queue: asyncio.Queue[str], timeout_s: int) -> None:
    async with await psycopg.AsyncConnection.connect(dsn, autocommit=True, connect_timeout=timeout_s) as connection:
        await connection.execute(f"LISTEN {channel.value}".encode())
        _offer(queue, "")  # whatever was missed while the connection was away
        async for message in connection.notifies():
            _offer(queue, message.payload)


def _offer(queue: asyncio.Queue[str], payload: str) -> None:
    with contextlib.suppress(asyncio.QueueFull):
        queue.put_nowait(payload)
