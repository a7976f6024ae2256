"""Keeps the newest picture of the board and tells every open screen when it changes.

One task reads the store for all screens: on a notification, and at least every ``poll_s``. A failed read keeps the
last picture and names the trouble; it never empties the board. Started by ``board.app``; knows nothing of HTTP.
"""

from __future__ import annotations

import asyncio
import hashlib
from dataclasses import dataclass
from datetime import datetime

import msgspec
import structlog

from board.metrics import BoardMetrics
from board.model import BoardView
from board.ports import Clock, Reads, Wakes
from board.view import board_view
from schemas.errors import CodestrokeError

_log = structlog.get_logger(__name__)
_MIN_GAP_S = 0.1  # a burst of notifications costs ten reads a second, not hundreds


@dataclass(frozen=True, slots=True)
class Picture:
    """The board at its last good read; ``version`` changes only when something to see changed."""

    view: BoardView
    version: str
    read_at: datetime


@dataclass(frozen=True, slots=True)
class Trouble:
    """Why the picture cannot be renewed: a stable code, and words that name the peer and the setting."""

    reason: str
    words: str


class BoardFeed:
    """The newest picture, its trouble if any, and a way to wait for the next change."""

    def __init__(self, reads: Reads, wakes: Wakes, *, clock: Clock, metrics: BoardMetrics) -> None:
        self._reads = reads
        self._wakes = wakes
        self._clock = clock
        self._metrics = metrics
        self._changed = asyncio.Event()
        self.picture: Picture | None = None
        self.trouble: Trouble | None = None

    async def run(self) -> None:
        """Read for ever; only cancellation ends it."""
        async for _ in self._wakes():
            await self.refresh()
            await asyncio.sleep(_MIN_GAP_S)

    async def refresh(self) -> None:
        """Read once and publish what changed."""
        try:
            with self._metrics.read_seconds.time():
                now = self._clock()
                view = board_view(await self._reads.board(now), now)
        except CodestrokeError as error:
            self.fail(Trouble(error.reason, str(error)))
        else:
            self._succeed(Picture(view, version_of(view), now))

    async def changed(self, *, within_s: float) -> None:
        """Return when the picture or its trouble changed, or after ``within_s`` seconds."""
        event = self._changed
        try:
            async with asyncio.timeout(within_s):
                await event.wait()
        except TimeoutError:
            return

    def age_s(self, now: datetime) -> float | None:
        """Seconds since the last good read, or None before the first."""
        return (now - self.picture.read_at).total_seconds() if self.picture else None

    def fail(self, trouble: Trouble) -> None:
        """Keep the last picture, but say that it can no longer be trusted."""
        self._metrics.failed_reads.inc()
        if trouble == self.trouble:
            return
        _log.warning("board_stale", reason=trouble.reason, error=trouble.words)
        self.trouble = trouble
        self._tell()

    def _succeed(self, picture: Picture) -> None:
        is_news = self.trouble is not None or self.picture is None or self.picture.version != picture.version
        if self.trouble is not None:
            _log.info("board_fresh_again", reason=self.trouble.reason)
        self.picture, self.trouble = picture, None
        self._metrics.saw(picture.view, picture.read_at)
        if is_news:
            self._tell()

    def _tell(self) -> None:
        self._changed.set()
        self._changed = asyncio.Event()


def version_of(view: BoardView) -> str:
    """A short hash of everything that can be seen, ages aside."""
    return hashlib.sha256(msgspec.json.encode(view)).hexdigest()[:16]
