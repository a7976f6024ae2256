"""The stream of server-sent events that one screen reads.

Every ``board`` event is the whole state, named by its version; so a screen that comes back with the version it last
saw (``Last-Event-ID``) gets nothing or everything, never a part, and no row is lost or doubled.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import datetime

from fastapi.sse import ServerSentEvent

from board.feed import BoardFeed, Picture
from board.ports import Clock
from board.rendering import Pages
from board.settings import BoardSettings

_RETRY_MS = 1000


async def screen_events(
    feed: BoardFeed, pages: Pages, *, settings: BoardSettings, clock: Clock, seen: str
) -> AsyncIterator[ServerSentEvent]:
    """Yield events for one screen for ever: at once, on each change, and at least every ``heartbeat_s`` seconds.

    Args:
        feed: where the pictures come from.
        pages: renders the part of the page that changes.
        settings: how often to beat and when to give up trust.
        clock: gives the current instant.
        seen: the version that the screen shows already, or nothing.
    """
    while True:
        picture, now = feed.picture, clock()
        if picture is not None and picture.version != seen:
            seen = picture.version
            yield _board(picture, pages, now)
        why = stale_because(feed, settings, now)
        yield _stale(feed, why, now) if why else _beat(picture, now)
        await feed.changed(within_s=settings.heartbeat_s)


def stale_because(feed: BoardFeed, settings: BoardSettings, now: datetime) -> str:
    """Why the picture must not be trusted, in words; nothing where it may be."""
    if feed.trouble is not None:
        return feed.trouble.words
    age = feed.age_s(now)
    if age is None:
        return "the store (setting store.url) has not been read yet"
    if age > settings.stale_after_s:
        return f"the store (setting store.url) was last read {age:.0f} s ago"
    return ""


def _board(picture: Picture, pages: Pages, now: datetime) -> ServerSentEvent:
    data = {"html": pages.rows(picture, now), "version": picture.version, **_times(picture, now)}
    return ServerSentEvent(event="board", id=picture.version, data=data, retry=_RETRY_MS)


def _beat(picture: Picture | None, now: datetime) -> ServerSentEvent:
    return ServerSentEvent(event="beat", data=_times(picture, now))


def _stale(feed: BoardFeed, words: str, now: datetime) -> ServerSentEvent:
    reason = feed.trouble.reason if feed.trouble else "not_read"
    return ServerSentEvent(event="stale", data={"reason": reason, "words": words, **_times(feed.picture, now)})


def _times(picture: Picture | None, now: datetime) -> dict[str, str | None]:
    return {"now": now.isoformat(), "read_at": picture.read_at.isoformat() if picture else None}
