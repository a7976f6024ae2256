"""Requests to one PACS: the only place where aiohttp's failures become ours.

``wado`` and ``orthanc`` call it. It follows no redirect (a PACS that sends us elsewhere is not trusted), asks for no
compression (Orthanc takes 11 s instead of 0.2 s to gzip a series, and a gzip bomb has no way in), and takes nothing
but a complete answer for one: 206, an HTML page or a JSON error under status 200 are failures.
"""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator
from typing import Any, Final

import aiohttp
from aiohttp import ClientResponse

from schemas.errors import PeerUnavailable
from streams.dicom.sources.settings import DicomwebSettings

_MISSING: Final = frozenset({204, 404, 410})
_REFUSED: Final = frozenset({401, 403})
_BUSY: Final = frozenset({408, 425, 429, 500, 502, 503, 504})
_OK: Final = 200
_PARTIAL: Final = 206
RETRYABLE: Final = frozenset({"peer_unavailable", "series_missing", "partial_answer", "cut_answer", "stalled"})
"""Reasons after which another attempt may succeed."""


class Peer:
    """An HTTP client of one PACS."""

    def __init__(self, settings: DicomwebSettings) -> None:
        self.settings = settings
        self._session: aiohttp.ClientSession | None = None

    async def close(self) -> None:
        """Close the connections."""
        if self._session is not None:
            await self._session.close()
            self._session = None

    def failure(self, what: str, reason: str, *, retry_after_s: float = 0.5) -> PeerUnavailable:
        """Build an error that names this PACS and its setting."""
        message = f"PACS {self.settings.alias}: {what} (setting {self.settings.setting})"
        return PeerUnavailable(message, reason=reason, retry_after_s=retry_after_s)

    @contextlib.asynccontextmanager
    async def request(self, method: str, url: str, *, accept: str, **body: Any) -> AsyncIterator[ClientResponse]:
        """Send a request; the answer is complete, of status 200 and not encoded.

        Raises:
            PeerUnavailable: anything else, now or while the body is read.
        """
        headers = {"Accept": accept, "Accept-Encoding": "identity"}
        try:
            async with self._open().request(method, url, headers=headers, allow_redirects=False, **body) as response:
                self._check(response)
                yield response
        except aiohttp.ClientPayloadError:
            raise self.failure("answer was cut off", "cut_answer") from None
        except (aiohttp.SocketTimeoutError, aiohttp.ConnectionTimeoutError):
            raise self.failure(f"silent for {self.settings.stall_s:g} s", "stalled") from None
        except aiohttp.ClientConnectionError as error:
            raise self.failure(f"no connection ({type(error).__name__})", "peer_unavailable") from None
        except (aiohttp.InvalidURL, aiohttp.ClientError) as error:
            raise self.failure(f"no valid HTTP answer ({type(error).__name__})", "http_protocol") from None

    def _open(self) -> aiohttp.ClientSession:
        if self._session is None:
            settings = self.settings
            timeout = aiohttp.ClientTimeout(total=None, sock_connect=settings.connect_s, sock_read=settings.stall_s)
            self._session = aiohttp.ClientSession(
                connector=aiohttp.TCPConnector(limit=settings.connections),
                timeout=timeout,
                auto_decompress=False,
                read_bufsize=1024 * 1024,
                headers={"Authorization": settings.authorization} if settings.authorization else None,
            )
        return self._session

    def _check(self, response: ClientResponse) -> None:
        status = response.status
        if status in _MISSING:
            raise self.failure(f"the series is not there (status {status})", "series_missing")
        if status in _REFUSED:
            raise self.failure(f"credentials refused (status {status})", "credentials")
        if status == _PARTIAL:
            raise self.failure("gave only a part of the series (status 206)", "partial_answer")
        if status in _BUSY:
            wait_s = _retry_after(response.headers.get("Retry-After", ""))
            raise self.failure(f"status {status}", "peer_unavailable", retry_after_s=wait_s)
        if status != _OK:
            raise self.failure(f"unexpected status {status}", "http_status")
        encoding = response.headers.get("Content-Encoding", "identity").lower()
        if encoding != "identity":
            raise self.failure("compressed its answer although asked not to", "content_encoding")


def _retry_after(header: str, default_s: float = 0.5) -> float:
    """Seconds of a Retry-After header (RFC 9110 10.2.3); dates and nonsense give the default."""
    return float(header) if header.isascii() and header.isdecimal() and len(header) < 8 else default_s  # noqa: PLR2004
