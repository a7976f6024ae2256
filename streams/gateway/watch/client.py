"""JSON over HTTP from a PACS, with every wait and every answer bounded; aiohttp's errors are translated here.

Who calls it: the watchers. It never logs an answer: answers hold patients' names.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping
from typing import Any, Self

import aiohttp

from schemas.errors import PeerUnavailable
from streams.gateway.settings import PacsWatch

_MAX_ANSWER_BYTES = 64 * 1024 * 1024
_OK = 200
_NO_CONTENT = 204
_NOT_FOUND = 404
NOT_FOUND = "not_found"
"""Reason of the error where the PACS has no such object (any more)."""
BAD_ANSWER = "bad_answer"
"""Reason of the error where the PACS answers, but with an error or with something else than was asked for."""


class PacsClient:
    """One PACS; an async context manager."""

    def __init__(self, settings: PacsWatch) -> None:
        self._alias = settings.alias
        self._url = settings.url.rstrip("/")
        password = settings.password.get_secret_value()
        # Orthanc deflates an answer for longer than it takes to send it plain.
        headers = {"Accept-Encoding": "identity"}
        if settings.user:
            token = base64.b64encode(f"{settings.user}:{password}".encode()).decode()
            headers["Authorization"] = f"Basic {token}"
        self._headers = headers
        self._timeout = aiohttp.ClientTimeout(total=settings.timeout_s)
        self._session: aiohttp.ClientSession | None = None

    async def __aenter__(self) -> Self:
        """Open the session."""
        self._session = aiohttp.ClientSession(headers=self._headers, timeout=self._timeout)
        return self

    async def __aexit__(self, *_: object) -> None:
        """Close the session."""
        if self._session is not None:
            await self._session.close()

    async def get(self, path: str, params: Mapping[str, str] | None = None, *, accept: str = "application/json") -> Any:
        """Get ``path`` below the PACS' url; 204 gives None.

        Raises:
            PeerUnavailable: no answer in time, an answer other than 200 or 204, too long a one, or no JSON.
        """
        assert self._session is not None, "used outside its context"  # noqa: S101 - a programming error
        try:
            async with self._session.get(
                self._url + path, params=params, headers={"Accept": accept}, allow_redirects=False
            ) as answer:
                if answer.status == _NO_CONTENT:
                    return None
                if answer.status != _OK:
                    reason = NOT_FOUND if answer.status == _NOT_FOUND else BAD_ANSWER
                    raise self._unavailable(f"answered {answer.status}", reason)
                body = await answer.content.read(_MAX_ANSWER_BYTES + 1)
                while not answer.content.at_eof() and len(body) <= _MAX_ANSWER_BYTES:
                    body += await answer.content.read(_MAX_ANSWER_BYTES + 1 - len(body))
        except (aiohttp.ClientError, TimeoutError, OSError) as error:
            raise self._unavailable(f"did not answer ({type(error).__name__})") from None
        return self._parsed(body)

    async def get_object(self, path: str, params: Mapping[str, str] | None = None) -> Mapping[str, Any]:
        """Get a JSON object.

        Raises:
            PeerUnavailable: as ``get``, or the answer is no object.
        """
        answer = await self.get(path, params)
        if not isinstance(answer, dict):
            raise self._unavailable("answered something else than a JSON object", BAD_ANSWER)
        return answer

    async def get_objects(
        self, path: str, params: Mapping[str, str] | None = None, *, accept: str = "application/json"
    ) -> list[Mapping[str, Any]]:
        """Get a JSON array of objects; 204 gives an empty one.

        Raises:
            PeerUnavailable: as ``get``, or the answer is no array of objects.
        """
        answer = await self.get(path, params, accept=accept)
        many = [] if answer is None else answer
        if not isinstance(many, list) or not all(isinstance(one, dict) for one in many):
            raise self._unavailable("answered something else than a list of JSON objects", BAD_ANSWER)
        return many

    def _parsed(self, body: bytes) -> Any:
        if len(body) > _MAX_ANSWER_BYTES:
            raise self._unavailable(f"answered more than {_MAX_ANSWER_BYTES} bytes", BAD_ANSWER)
        try:
            return json.loads(body)
        except (ValueError, RecursionError):
            raise self._unavailable("answered something that is not JSON", BAD_ANSWER) from None

    def _unavailable(self, what: str, reason: str | None = None) -> PeerUnavailable:
        return PeerUnavailable(
            f"PACS {self._alias!r} at {self._url} {what} (settings gateway.orthanc, gateway.qido: url)", reason=reason
        )
