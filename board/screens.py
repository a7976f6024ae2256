"""The routes that people see: the board, its event stream, one case. They read the feed and render; no SQL here."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from datetime import datetime
from typing import Annotated, Literal

from fastapi import APIRouter, Header
from fastapi.responses import HTMLResponse, Response
from fastapi.sse import EventSourceResponse, ServerSentEvent

from board.events import screen_events, stale_because
from board.feed import BoardFeed, Trouble
from board.metrics import BoardMetrics
from board.model import DeskView
from board.ports import Clock, Reads
from board.rendering import Pages
from board.rows import CaseRow, PageEventRow
from board.settings import BoardSettings
from board.timeline import story_of
from board.view import case_view
from schemas.errors import CodestrokeError
from streams.core.ranking import Ranked

# Short codes of schemas.ids, or the whole case id where those ran out.
_REFERENCE = re.compile(r"^[A-Z0-9]{4,17}$")


def screen_routes(
    *, feed: BoardFeed, reads: Reads, pages: Pages, settings: BoardSettings, clock: Clock, metrics: BoardMetrics
) -> APIRouter:
    """Make the routes of the screens."""
    router = APIRouter(default_response_class=HTMLResponse)

    @router.get("/")
    async def board(mode: Literal["desk", "wall"] = "desk", said: str = "") -> HTMLResponse:
        now = clock()
        trouble = _trouble(feed, settings, now)
        return HTMLResponse(pages.board(feed.picture, trouble, now=now, wall=mode == "wall", said=said))

    @router.get("/events", response_class=EventSourceResponse)
    async def events(
        seen: str = "", last_event_id: Annotated[str | None, Header()] = None
    ) -> AsyncIterator[ServerSentEvent]:
        with metrics.screens.track_inprogress():
            stream = screen_events(feed, pages, settings=settings, clock=clock, seen=last_event_id or seen)
            async for event in stream:
                yield event

    @router.get("/cases/{reference}")
    async def case(reference: str, said: str = "") -> HTMLResponse:
        now, wanted = clock(), reference.upper()
        found = await _found(wanted, reads=reads, pages=pages, now=now)
        if isinstance(found, HTMLResponse):
            return found
        row, happened = found
        view = case_view(row, _ranked(row, feed), now)
        desk = feed.picture.view.desk if feed.picture else DeskView()
        trouble = _trouble(feed, settings, now)
        return HTMLResponse(pages.case(view, story_of(row, happened), now, desk=desk, trouble=trouble, said=said))

    @router.get("/cases/{reference}/{pathway}.png")
    async def key_image(reference: str, pathway: str) -> Response:
        now = clock()
        try:
            found = await reads.key_image(reference.upper(), pathway) if _REFERENCE.match(reference.upper()) else None
        except CodestrokeError as error:
            return HTMLResponse(pages.problem("The picture cannot be read now", str(error), now), status_code=503)
        if found is None:
            text = "There is no key image of this case and pathway."
            return HTMLResponse(pages.problem("No such picture", text, now), status_code=404)
        return Response(found, media_type="image/png")

    return router


def _trouble(feed: BoardFeed, settings: BoardSettings, now: datetime) -> Trouble | None:
    why = stale_because(feed, settings, now)
    return (feed.trouble or Trouble("not_read", why)) if why else None


async def _found(
    reference: str, *, reads: Reads, pages: Pages, now: datetime
) -> tuple[CaseRow, tuple[PageEventRow, ...]] | HTMLResponse:
    if not _REFERENCE.match(reference):
        text = "A case code is four characters, for example K7FQ, as shown on the list and in the page."
        return HTMLResponse(pages.problem("No such case", text, now), status_code=404)
    try:
        found = await reads.case(reference)
    except CodestrokeError as error:
        return HTMLResponse(pages.problem("The case cannot be read now", str(error), now), status_code=503)
    if found is None:
        text = f"No case has the code {reference}. Codes are case-insensitive; 0, 1 and vowels do not occur in them."
        return HTMLResponse(pages.problem("No such case", text, now), status_code=404)
    return found


def _ranked(row: CaseRow, feed: BoardFeed) -> Ranked:
    """The rank that the board shows now; 0 where the case is not on it."""
    shown = feed.picture.view.cases if feed.picture else ()
    same = next((case for case in shown if case.case_id == row.case_id), None)
    if same is None:
        return Ranked(row.case_id, 0, row.ranking.placement.reason, promoted=False)
    return Ranked(row.case_id, same.rank, same.reason, same.promoted)
