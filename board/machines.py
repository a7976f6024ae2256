"""The routes that programs read: the list as JSON, health, metrics."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import msgspec
from fastapi import APIRouter, Response
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest

from board import words
from board.events import stale_because
from board.feed import BoardFeed, Picture
from board.metrics import BoardMetrics
from board.ports import Clock
from board.settings import BoardSettings

_JSON = "application/json"
_UNAVAILABLE = 503


def machine_routes(*, feed: BoardFeed, settings: BoardSettings, clock: Clock, metrics: BoardMetrics) -> APIRouter:
    """Make the routes of the programs."""
    router = APIRouter()

    @router.get("/api/worklist")
    async def worklist() -> Response:
        now = clock()
        why = stale_because(feed, settings, now)
        if feed.picture is None:
            return _json({"error": why, "server_time": now}, _UNAVAILABLE)
        return _json(worklist_document(feed.picture, why, settings, now))

    @router.get("/healthz")
    async def healthz() -> Response:
        now = clock()
        why = stale_because(feed, settings, now)
        state = {
            "role": "board",
            "at": now,
            "ready": not why,
            "store_reachable": feed.trouble is None and feed.picture is not None,
            "last_read_age_s": feed.age_s(now),
            "reason": why,
        }
        return _json(state, _UNAVAILABLE if why else 200)

    @router.get("/metrics")
    async def measured() -> Response:
        return Response(generate_latest(metrics.registry), media_type=CONTENT_TYPE_LATEST)

    return router


def worklist_document(picture: Picture, why_stale: str, settings: BoardSettings, now: datetime) -> dict[str, Any]:
    """The view model as plain values, with the age of everything: clocks carry ``seconds`` as of ``server_time``."""
    document: dict[str, Any] = msgspec.to_builtins(picture.view)
    for case, shown in zip(document["cases"], picture.view.cases, strict=True):
        for clock, running in zip(case["clocks"], shown.clocks, strict=True):
            clock["seconds"] = running.seconds(now)
    return {
        "notice": words.RESEARCH,
        "review": words.REVIEW,
        "demo": settings.demo,
        "server_time": now,
        "read_at": picture.read_at,
        "version": picture.version,
        "stale": why_stale,
        **document,
    }


def _json(document: dict[str, Any], status: int = 200) -> Response:
    return Response(msgspec.json.encode(document), status_code=status, media_type=_JSON)
