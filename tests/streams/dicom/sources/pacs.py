"""A small PACS for tests: answers as it is told, faults included, on a loopback port."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from pathlib import Path

from aiohttp import web

from streams.dicom.sources.settings import DicomwebSettings
from tests.streams.dicom.builders import SERIES, STUDY, image, noise, save

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]
SERIES_PATH = f"/studies/{STUDY}/series/{SERIES}"
BOUNDARY = "pacs-boundary"
CONTENT_TYPE = f'multipart/related; type="application/dicom"; boundary={BOUNDARY}'


def instances(folder: Path, count: int = 3, **tags: object) -> list[bytes]:
    """Bytes of the instances of a small series."""
    return [save(image(noise((8, 8), z), (0, 0, z), **tags), folder / "made.dcm").read_bytes() for z in range(count)]


def multipart(parts: list[bytes], *, lengths: bool = True, end: bool = True, headers: bool = True) -> bytes:
    """A multipart/related body (PS3.18 8.6.1.2.1)."""
    body = b""
    for part in parts:
        head = b"Content-Type: application/dicom\r\n" if headers else b""
        head += f"Content-Length: {len(part)}\r\n".encode() if lengths and headers else b""
        body += f"--{BOUNDARY}\r\n".encode() + head + b"\r\n" + part + b"\r\n"
    return body + (f"--{BOUNDARY}--\r\n".encode() if end else b"")


class Pacs:
    """Serves ``handlers`` by (method, path); counts requests and keeps their headers."""

    def __init__(self) -> None:
        self.handlers: dict[tuple[str, str], Handler] = {}
        self.requests: list[web.Request] = []
        self._runner: web.AppRunner | None = None
        self.url = ""

    async def start(self) -> None:
        """Listen on a free port."""
        app = web.Application()
        app.router.add_route("*", "/{path:.*}", self._answer)
        self._runner = web.AppRunner(app, shutdown_timeout=0.1)
        await self._runner.setup()
        site = web.TCPSite(self._runner, "127.0.0.1", 0)
        await site.start()
        self.url = f"http://127.0.0.1:{self._runner.addresses[0][1]}"

    async def stop(self) -> None:
        """Stop listening."""
        if self._runner is not None:
            await self._runner.cleanup()

    def series(self, *answers: web.Response | Handler) -> None:
        """Answer requests for the series in turn; the last answer stays."""
        queue = list(answers)

        async def handle(request: web.Request) -> web.StreamResponse:
            answer = queue.pop(0) if len(queue) > 1 else queue[0]
            if isinstance(answer, web.Response):
                copy = web.Response(status=answer.status, body=answer.body, headers=answer.headers)
                return copy
            return await answer(request)

        self.handlers["GET", SERIES_PATH] = handle

    def settings(self, **changes: object) -> DicomwebSettings:
        """Settings that point here."""
        values: dict[str, object] = {"alias": "main", "url": self.url, "setting": "sources.main.url"} | changes
        return DicomwebSettings(**values)  # type: ignore[arg-type]  # a builder for tests

    async def _answer(self, request: web.Request) -> web.StreamResponse:
        self.requests.append(request)
        handler = self.handlers.get((request.method, request.path))
        return web.Response(status=404) if handler is None else await handler(request)
