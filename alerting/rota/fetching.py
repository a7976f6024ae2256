"""Getting the text of a calendar from a file or an http(s) address, within ten seconds and five million bytes.

Who calls it: ``alerting.rota.roster``. An address may hold a token: neither it nor any text of an exception that could
quote it leaves this module. Here the exceptions of the network and of the disk become ``FetchFailed``.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import unquote, urlsplit

import aiohttp

from alerting.rota.occurrences import LARGEST_BYTES
from schemas.errors import PeerUnavailable

TIMEOUT_S = 10.0
_CHUNK = 65_536
_MOST_REDIRECTS = 5
_OK, _NOT_MODIFIED = 200, 304


class FetchFailed(PeerUnavailable):
    """The calendar could not be had; ``reason`` says why, the message never says where."""

    reason = "calendar_unavailable"


@dataclass(frozen=True, slots=True)
class Fetched:
    """A calendar's text, not looked at yet, and what to say to ask only for changes."""

    body: str = field(repr=False)
    etag: str = ""


async def fetch(location: str, *, etag: str = "", timeout_s: float = TIMEOUT_S) -> Fetched | None:
    """Get a calendar; None where the server says that it is what it was (``etag``, RFC 9110 section 13.1.2).

    Raises:
        FetchFailed: no connection, no answer in time, an answer that is not 200, too large, no such file.
    """
    web = _web_address(location)
    try:
        async with asyncio.timeout(timeout_s):
            return await (_from_web(web, etag, timeout_s) if web else asyncio.to_thread(_from_file, location))
    except TimeoutError:
        raise FetchFailed(f"no answer within {timeout_s:g} s", reason="timeout") from None
    except (aiohttp.ClientError, OSError, ValueError) as error:
        raise FetchFailed(f"no calendar to be had: {type(error).__name__}", reason=_reason(error)) from None


def _web_address(location: str) -> str | None:
    scheme, separator, rest = location.partition("://")
    scheme = scheme.lower()
    if not separator or scheme not in {"http", "https", "webcal", "webcals"}:
        return None
    return f"{'http' if scheme == 'http' else 'https'}://{rest}"


async def _from_web(url: str, etag: str, timeout_s: float) -> Fetched | None:
    headers = {"Accept": "text/calendar, text/plain;q=0.5, */*;q=0.1"} | ({"If-None-Match": etag} if etag else {})
    limits = aiohttp.ClientTimeout(total=timeout_s)
    async with (
        aiohttp.ClientSession(timeout=limits) as session,
        session.get(url, headers=headers, max_redirects=_MOST_REDIRECTS) as answer,
    ):
        if answer.status == _NOT_MODIFIED and etag:
            return None
        if answer.status != _OK:
            raise FetchFailed(f"the server answered {answer.status}", reason=f"http_{answer.status}")
        body = bytearray()
        async for chunk in answer.content.iter_chunked(_CHUNK):
            body += chunk
            _check_size(len(body))
        return Fetched(_decoded(bytes(body)), answer.headers.get("ETag", "")[:1000])


def _from_file(location: str) -> Fetched:
    path = Path(unquote(urlsplit(location).path) if location.lower().startswith("file://") else location)
    if not path.is_file():
        raise FetchFailed("there is no such file", reason="no_file")
    with path.open("rb") as file:
        body = file.read(LARGEST_BYTES + 1)
    _check_size(len(body))
    return Fetched(_decoded(body))


def _check_size(size: int) -> None:
    if size > LARGEST_BYTES:
        raise FetchFailed(f"larger than {LARGEST_BYTES} bytes", reason="too_large")


def _decoded(body: bytes) -> str:
    """UTF-8 (RFC 5545 section 3.1.4), bad bytes replaced; NUL cannot be kept and belongs in no calendar."""
    return body.decode("utf-8-sig", errors="replace").replace("\0", "\N{REPLACEMENT CHARACTER}")


def _reason(error: Exception) -> str:
    if isinstance(error, aiohttp.ClientConnectionError):
        return "no_connection"
    if isinstance(error, aiohttp.InvalidURL | ValueError):
        return "bad_address"
    return "no_answer" if isinstance(error, aiohttp.ClientError) else "unreadable_file"
