"""The HTTP port of the ``twilio`` library on aiohttp, with a time-out on everything and our own base address.

Who calls it: the library. The library's own clients have no default time-out, and log numbers at level INFO; this one
does neither. Here network exceptions become ours, told apart by whether the request can have reached the provider.
"""

from __future__ import annotations

import base64
import json
import math
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlencode, urlsplit, urlunsplit

import aiohttp
from twilio.http import AsyncHttpClient
from twilio.http.response import Response

from schemas.errors import PeerUnavailable

_TOO_MANY = 429


class NotSent(PeerUnavailable):
    """No connection was made: the provider cannot have seen the request."""

    reason = "no_connection"


class NoAnswer(PeerUnavailable):
    """The request may have arrived; its answer did not."""

    reason = "no_answer"


class RateLimited(PeerUnavailable):
    """429: the provider did not process the request; ``code`` is its own, mostly 20429, where it gives one."""

    reason = "rate_limited"
    code: int | None = None


class TwilioHttp(AsyncHttpClient):  # type: ignore[misc]  # the library has no types
    """One pooled session; opened at the first request, in the running event loop."""

    def __init__(self, base_url: str, timeout_s: float) -> None:
        super().__init__(None, is_async=True, timeout=timeout_s)
        self._base = urlsplit(base_url)
        self._limits = aiohttp.ClientTimeout(total=timeout_s)
        self._session: aiohttp.ClientSession | None = None

    async def request(  # the library's signature
        self,
        method: str,
        uri: str,
        params: Mapping[str, object] | None = None,
        data: Mapping[str, object] | None = None,
        headers: Mapping[str, str] | None = None,
        auth: tuple[str, str] | None = None,
        timeout: float | None = None,  # noqa: ASYNC109  # the library's signature; ours is fixed
        allow_redirects: bool = False,
    ) -> Response:
        """Send one request.

        Raises:
            NotSent: no connection.
            NoAnswer: time-out, reset, cut answer.
            RateLimited: 429.
        """
        del timeout
        body = urlencode(data, doseq=True) if data else None
        options: dict[str, Any] = {
            "params": params,
            "data": body,
            "headers": headers,
            "allow_redirects": allow_redirects,
        }
        if auth is not None:
            options["headers"] = {**(headers or {}), "Authorization": _basic(*auth)}
        return await self._exchange(method.upper(), self._rebase(uri), options)

    async def close(self) -> None:
        """Close the connections."""
        if self._session is not None:
            await self._session.close()
            self._session = None

    async def _exchange(self, method: str, url: str, options: dict[str, Any]) -> Response:
        peer = f"the phone provider at {self._base.netloc} (setting twilio.base_url)"
        try:
            async with self._open().request(method, url, **options) as answer:
                text = await answer.text(errors="replace")
                status, headers = answer.status, answer.headers
        except (aiohttp.ClientConnectorError, aiohttp.ConnectionTimeoutError) as error:
            raise NotSent(f"{peer}: no connection ({type(error).__name__})") from error
        except (aiohttp.ClientError, TimeoutError, OSError) as error:
            raise NoAnswer(f"{peer}: no answer ({type(error).__name__})") from error
        if status == _TOO_MANY:
            limited = RateLimited(f"{peer}: 429", retry_after_s=_seconds(headers.get("Retry-After")))
            limited.code = _code_in(text)
            raise limited
        return Response(status, text, headers)

    def _open(self) -> aiohttp.ClientSession:
        if self._session is None:
            self._session = aiohttp.ClientSession(timeout=self._limits)
        return self._session

    def _rebase(self, uri: str) -> str:
        return urlunsplit(urlsplit(uri)._replace(scheme=self._base.scheme, netloc=self._base.netloc))


def _basic(user: str, password: str) -> str:
    """Basic authentication (RFC 7617 section 2)."""
    return "Basic " + base64.b64encode(f"{user}:{password}".encode()).decode("ascii")


def _seconds(header: str | None) -> float:
    """Read Retry-After; a date or nonsense counts as one second (RFC 9110 section 10.2.3)."""
    try:
        value = float(header or "")
    except ValueError:
        return 1.0
    return value if math.isfinite(value) and value >= 0 else 1.0


def _code_in(text: str) -> int | None:
    """The provider's error code in a body, None where there is none."""
    try:
        body = json.loads(text)
    except ValueError:
        return None
    code = body.get("code") if isinstance(body, dict) else None
    return code if isinstance(code, int) else None
