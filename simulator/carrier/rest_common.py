"""What the REST routes of messages and of calls share: authentication, faults, lists in pages, error bodies.

Only what the pager uses, but that as documented (OpenAPI ``twilio_api_v2010``): basic authentication, form bodies,
error bodies, paging fields.
"""

from __future__ import annotations

import asyncio
import base64
import hmac
import re
from collections.abc import Callable, Mapping, Sequence
from datetime import date
from typing import Any
from urllib.parse import urlencode

from aiohttp import web
from multidict import MultiMapping

from simulator.carrier.network import Network
from simulator.carrier.settings import E164, Fault

NETWORK = web.AppKey("network", Network)
IS_E164 = re.compile(E164)
NOT_FOUND = (404, 20404, "The requested resource was not found")
_SERVER_ERROR = (500, 20500, "An internal server error has occurred")
_PAGE_SIZE, _LARGEST_PAGE = 50, 1000
Check = Callable[[str], bool]


def refused(request: web.Request) -> web.Response | None:
    """The answer to a stranger, None for the holder of the account."""
    settings = request.app[NETWORK].settings
    pair = f"{settings.account_sid}:{settings.auth_token.get_secret_value()}"
    expected = "Basic " + base64.b64encode(pair.encode()).decode("ascii")
    if not hmac.compare_digest(request.headers.get("Authorization", "").encode(), expected.encode()):
        return error(401, 20003, "Authenticate")
    return None if request.match_info["account"] == settings.account_sid else error(*NOT_FOUND)


async def answered(request: web.Request, fault: Fault, made: Mapping[str, object] | None) -> web.StreamResponse:
    """Answer a creation as the fault says; ``made`` is the resource, None where nothing was accepted."""
    faults = request.app[NETWORK].settings.faults
    match fault:
        case Fault.TOO_MANY:
            return error(429, 20429, "Too Many Requests", retry_after_s=faults.retry_after_s)
        case Fault.ERROR_BEFORE | Fault.ERROR_AFTER:
            return error(*_SERVER_ERROR)
        case Fault.HANG_BEFORE | Fault.HANG_AFTER:
            await asyncio.sleep(faults.hang_s)
        case Fault.RESET_BEFORE | Fault.RESET_AFTER:
            if request.transport is not None:
                request.transport.abort()
            return web.Response(status=500)
        case Fault.GARBAGE_AFTER:
            return web.Response(status=201, text="<html>accepted</html>", content_type="text/html")
    return web.json_response(made, status=201) if made else error(503, 20503, "Service unavailable")


def listed(request: web.Request, name: str, found: Sequence[Any]) -> web.Response:
    """One page of a list, the resources under ``name``; now and then an error instead."""
    network = request.app[NETWORK]
    if network.plan.happens(network.settings.faults.list_error):
        return error(*_SERVER_ERROR)
    size = min(_LARGEST_PAGE, max(1, int(request.query.get("PageSize", _PAGE_SIZE))))
    page = int(request.query.get("Page", 0))
    shown = found[page * size : (page + 1) * size]
    return web.json_response(
        {
            "end": page * size + len(shown) - 1 if shown else 0,
            "first_page_uri": _page_uri(request, 0, size),
            "next_page_uri": _page_uri(request, page + 1, size) if (page + 1) * size < len(found) else None,
            "page": page,
            "page_size": size,
            "previous_page_uri": _page_uri(request, page - 1, size) if page else None,
            name: [item.shown() for item in shown],
            "start": page * size,
            "uri": _page_uri(request, page, size),
        }
    )


def error(status: int, code: int, text: str, *, retry_after_s: float | None = None) -> web.Response:
    """An error as Twilio writes it."""
    headers = {} if retry_after_s is None else {"Retry-After": f"{retry_after_s:g}"}
    body = {"code": code, "message": text, "more_info": f"https://www.twilio.com/docs/errors/{code}", "status": status}
    return web.json_response(body, status=status, headers=headers)


def first_problem(*problems: tuple[bool, int, str]) -> web.Response | None:
    """The error of the first check that fails, None where all is well."""
    return next((error(400, code, text) for wrong, code, text in problems if wrong), None)


def date_checks(name: str, value: date | None) -> dict[str, Check]:
    """The three filters of a date field: on, on or after, on or before."""
    return {
        name: lambda text: value is not None and value == _day(text),
        f"{name}>": lambda text: value is not None and value >= _day(text),
        f"{name}<": lambda text: value is not None and value <= _day(text),
    }


def passes(query: MultiMapping[str], checks: Mapping[str, Check]) -> bool:
    """Say whether a resource passes the filters that the query names."""
    return all(check(query[name]) for name, check in checks.items() if name in query)


def _day(text: str) -> date:
    return date.fromisoformat(text[:10])


def _page_uri(request: web.Request, page: int, size: int) -> str:
    query = {**request.query, "PageSize": str(size), "Page": str(page)}
    return f"{request.path}?{urlencode(query)}"
