"""Reading the body of a form: its size first, then its fields. Called by the webhooks and the board's own forms."""

from __future__ import annotations

from http import HTTPStatus
from urllib.parse import parse_qsl

from fastapi import Request

_MAX_FIELDS = 100


class Refused(Exception):
    """A request that is not believed; ``reason`` is a stable word for logs and metrics."""

    def __init__(self, status: HTTPStatus, reason: str) -> None:
        super().__init__(reason)
        self.status = status
        self.reason = reason


async def read_form(request: Request, *, limit: int) -> dict[str, str]:
    """Read a form of at most ``limit`` bytes.

    Raises:
        Refused: it is larger, or no form.
    """
    return _parse(await _limited(request, limit))


async def _limited(request: Request, limit: int) -> bytes:
    declared = request.headers.get("content-length", "")
    if declared.isdigit() and int(declared) > limit:
        raise Refused(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, "too_large")
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > limit:
            raise Refused(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, "too_large")
    return bytes(body)


def _parse(body: bytes) -> dict[str, str]:
    try:
        text = body.decode("utf-8")
        return dict(parse_qsl(text, keep_blank_values=True, max_num_fields=_MAX_FIELDS, errors="strict"))
    except ValueError as error:
        raise Refused(HTTPStatus.BAD_REQUEST, "not_a_form") from error
