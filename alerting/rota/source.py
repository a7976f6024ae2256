"""One calendar as a pager holds it: the last good text, what was read of it, its age, and when to ask again.

Who calls it: ``alerting.rota.roster``. A text replaces the one before only after it was read without error; whatever
goes wrong is kept as a reason beside the copy. Logs name a calendar by its name in the settings.
"""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Protocol

import structlog

from alerting.rota.copies import Copies, digest_of, key_of
from alerting.rota.fetching import Fetched, FetchFailed
from alerting.rota.occurrences import BadCalendar, Reading
from alerting.settings import CalendarSettings
from schemas.errors import PermanentError, TransientError
from store.rota import CalendarCopy, CopyHead

_log = structlog.get_logger(__name__)
_EMPTY_RETRY_S = 30.0
"""A calendar without any copy is asked for more often: without it nobody is on call."""


class Fetch(Protocol):
    """Gets a text; see ``alerting.rota.fetching.fetch``."""

    def __call__(self, location: str, *, etag: str = "") -> Coroutine[Any, Any, Fetched | None]:
        """Return the text, or None where it is what it was."""
        ...


class Read(Protocol):
    """Reads a text; see ``alerting.rota.isolation.read_isolated``."""

    def __call__(self, body: str, *, zone: str, start: datetime, end: datetime) -> Coroutine[Any, Any, Reading]:
        """Return what the text says within ``[start, end)``."""
        ...


@dataclass(frozen=True, slots=True)
class Window:
    """What the roster wants to know of each calendar, and the part of it that it cannot do without."""

    start: datetime
    end: datetime
    needed_start: datetime
    needed_end: datetime


class CalendarSource:
    """One calendar, base or overrides."""

    def __init__(self, name: str, location: str, settings: CalendarSettings) -> None:
        self.name, self.zone, self.stale_after_s = name, settings.timezone, settings.stale_after_s
        self.reading: Reading | None = None
        self.fetched_at: datetime | None = None
        self.checked_at: datetime | None = None
        self.error = ""
        self.key = key_of(name, location)
        self._location, self._refresh_s = location, settings.refresh_s
        self._body: str | None = None
        self._etag = self._digest = self._refused = ""

    def due(self, now: datetime) -> bool:
        """Whether to ask the source again; a clock that was set back does not postpone it for long."""
        pause_s = self._refresh_s if self._body is not None else min(self._refresh_s, _EMPTY_RETRY_S)
        return self.checked_at is None or abs(now - self.checked_at) >= timedelta(seconds=pause_s)

    async def adopt(self, head: CopyHead, copies: Copies, read: Read, window: Window) -> None:
        """Take over what another pager, or this one before a restart, has kept; the newer one wins."""
        if head.digest == self._refused:
            return
        if self.fetched_at is None or head.fetched_at > self.fetched_at:
            if head.digest != self._digest and not await self._take(await copies.body(head.name), read, window):
                self._refused = head.digest
                return
            self.fetched_at, self._etag = head.fetched_at, head.etag
        if self.checked_at is None or head.checked_at > self.checked_at:
            self.checked_at, self.error = head.checked_at, head.error

    async def refresh(self, fetch: Fetch, copies: Copies | None, read: Read, window: Window, now: datetime) -> None:
        """Ask the source, and keep its answer where it is good."""
        error = ""
        new: str | None = None
        try:
            answer = await fetch(self._location, etag=self._etag if self._body is not None else "")
            new = await self._new_text(answer, read, window) if answer is not None else None
        except (FetchFailed, BadCalendar) as failure:
            error = failure.reason
            _log.warning("calendar_check_failed", calendar=self.name, reason=error, copy_at=_iso(self.fetched_at))
        self.checked_at, self.error = now, error
        if not error:
            self.fetched_at = now
        await _kept(lambda to: self._store(to, new, now), copies, self.name)

    async def reread(self, read: Read, window: Window) -> None:
        """Read the copy again where the window has moved out of what was read."""
        if self._body is None or (
            self.reading is not None and self.reading.spans(window.needed_start, window.needed_end)
        ):
            return
        await self._take(self._body, read, window)

    async def _new_text(self, answer: Fetched, read: Read, window: Window) -> str | None:
        """Read an answer; return its text where it differs from the copy."""
        differs = self._body is None or digest_of(answer.body) != self._digest
        if differs:
            await self._read(answer.body, read, window)
        self._etag = answer.etag
        return answer.body if differs else None

    async def _take(self, body: str | None, read: Read, window: Window) -> bool:
        if body is None:
            return False
        try:
            await self._read(body, read, window)
        except BadCalendar as failure:
            _log.warning("calendar_copy_unreadable", calendar=self.name, reason=failure.reason)
            return False
        return True

    async def _read(self, body: str, read: Read, window: Window) -> None:
        self.reading = await read(body, zone=self.zone, start=window.start, end=window.end)
        self._body, self._digest = body, digest_of(body)

    async def _store(self, copies: Copies, new: str | None, now: datetime) -> None:
        """Write down what a check found; also the text, where the store was away when it came."""
        if new is None and await copies.note_check(self.key, now=now, error=self.error):
            return
        if self._body is not None and not self.error:
            await copies.save(CalendarCopy(name=self.key, body=self._body, etag=self._etag, now=now))


async def _kept(write: Callable[[Copies], Coroutine[Any, Any, None]], copies: Copies | None, calendar: str) -> None:
    """Write to the store where there is one; paging goes on from memory while it is away."""
    if copies is None:
        return
    try:
        await write(copies)
    except (TransientError, PermanentError) as error:
        _log.warning("calendar_not_kept", calendar=calendar, reason=error.reason)


def _iso(instant: datetime | None) -> str:
    return instant.isoformat() if instant else "none"
