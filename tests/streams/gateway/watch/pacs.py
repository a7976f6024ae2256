"""A small PACS on loopback that speaks enough of Orthanc's REST API and of QIDO-RS for the watchers.

Shapes of the answers are those of Orthanc 1.10 with its DICOMweb plugin.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from aiohttp import web
from pydicom.dataset import Dataset

from streams.gateway.facts import HEADER_KEYWORDS, values_of

_INSTANCE_TAGS = ("SOPInstanceUID", "InstanceNumber", "ImagePositionPatient", "ImageOrientationPatient")


class Pacs:
    """Holds datasets; ``fault`` makes every answer be that status, ``odd`` those whose path matches be that text."""

    def __init__(self) -> None:
        self.held: list[Dataset] = []
        self.fault = 0
        self.body = ""
        self.odd: dict[str, tuple[int, str]] = {}
        self.asked: list[str] = []
        self.auth: set[str] = set()

    @asynccontextmanager
    async def listening(self) -> AsyncIterator[str]:
        """Listen on a free port; gives the root url."""
        app = web.Application(middlewares=[self._faulty])
        app.add_routes(
            [
                web.get("/changes", self._changes),
                web.get("/series/{id}/instances", self._series_instances),
                web.get("/instances/{id}", self._instance),
                web.get("/instances/{id}/simplified-tags", self._tags),
                web.get("/instances/{id}/metadata", self._metadata),
                web.get("/studies", self._studies),
                web.get("/studies/{uid}/{level:series|instances}", self._of_study),
            ]
        )
        runner = web.AppRunner(app)
        await runner.setup()
        site = web.TCPSite(runner, "127.0.0.1", 0)
        await site.start()
        try:
            yield f"http://127.0.0.1:{runner.addresses[0][1]}"
        finally:
            await runner.cleanup()

    @web.middleware
    async def _faulty(self, request: web.Request, handler: Any) -> web.StreamResponse:
        self.asked.append(request.path)
        self.auth.add(request.headers.get("Authorization", ""))
        if self.fault or self.body:
            return web.Response(status=self.fault or 200, text=self.body)
        for pattern, (status, text) in self.odd.items():
            if re.fullmatch(pattern, request.path):
                return web.Response(status=status, text=text)
        answer: web.StreamResponse = await handler(request)
        return answer

    async def _changes(self, request: web.Request) -> web.Response:
        log: list[dict[str, Any]] = [
            {"ChangeType": kind, "ID": orthanc_id(ds.SOPInstanceUID), "Seq": 2 * n + k + 1, "ResourceType": "Instance"}
            for n, ds in enumerate(self.held)
            for k, kind in enumerate(("NewSeries", "NewInstance"))
        ]
        last = log[-1]["Seq"] if log else 0
        if "last" in request.query:
            return web.json_response({"Changes": log[-1:], "Done": True, "Last": last})
        since, limit = int(request.query["since"]), int(request.query["limit"])
        batch = [one for one in log if one["Seq"] > since][:limit]
        reached = batch[-1]["Seq"] if batch else since
        return web.json_response({"Changes": batch, "Done": reached == last, "Last": reached})

    async def _series_instances(self, request: web.Request) -> web.Response:
        held = [ds for ds in self.held if orthanc_id(ds.SeriesInstanceUID) == request.match_info["id"]]
        return web.json_response(
            [{"ID": orthanc_id(ds.SOPInstanceUID), "MainDicomTags": _simplified(ds, _INSTANCE_TAGS)} for ds in held]
        )

    def _found(self, request: web.Request) -> Dataset:
        found = [ds for ds in self.held if orthanc_id(ds.SOPInstanceUID) == request.match_info["id"]]
        if not found:
            raise web.HTTPNotFound
        return found[0]

    async def _instance(self, request: web.Request) -> web.Response:
        return web.json_response({"ParentSeries": orthanc_id(self._found(request).SeriesInstanceUID)})

    async def _tags(self, request: web.Request) -> web.Response:
        ds = self._found(request)
        return web.json_response(_simplified(ds, tuple(one.keyword for one in ds if one.keyword != "PixelData")))

    async def _metadata(self, request: web.Request) -> web.Response:
        return web.json_response({"TransferSyntax": self._found(request).file_meta.TransferSyntaxUID})

    async def _studies(self, request: web.Request) -> web.Response:
        if int(request.query["offset"]):
            return web.Response(status=204)
        uids = sorted({ds.StudyInstanceUID for ds in self.held})
        counts = {uid: sum(ds.StudyInstanceUID == uid for ds in self.held) for uid in uids}
        return web.json_response(
            [
                {"0020000D": {"vr": "UI", "Value": [uid]}, "00201208": {"vr": "IS", "Value": [count]}}
                for uid, count in counts.items()
            ]
        )

    async def _of_study(self, request: web.Request) -> web.Response:
        held = [ds for ds in self.held if ds.StudyInstanceUID == request.match_info["uid"]]
        if request.match_info["level"] == "series":
            held = list({ds.SeriesInstanceUID: ds for ds in held}.values())
        offset = int(request.query["offset"])
        page = held[offset : offset + min(7, int(request.query["limit"]))]
        return web.json_response([_json(ds) for ds in page]) if page else web.Response(status=204)


def orthanc_id(uid: str) -> str:
    """Orthanc's own kind of id: five hexadecimal groups."""
    digest = hashlib.sha1(uid.encode(), usedforsecurity=False).hexdigest()
    return "-".join(digest[n : n + 8] for n in range(0, 40, 8))


def _simplified(ds: Dataset, words: tuple[str, ...]) -> dict[str, str]:
    values = values_of(ds)
    return {word: "\\".join(values(word)) for word in words if values(word)}


def _json(ds: Dataset) -> dict[str, Any]:
    kept = Dataset()
    for word in HEADER_KEYWORDS:
        if word in ds:
            setattr(kept, word, ds.get(word))
    answer: dict[str, Any] = kept.to_json_dict()
    return answer
