"""Twilio's REST API for messages: create, list, fetch (OpenAPI ``twilio_api_v2010``), with faults.

Only what the pager uses, but that as documented: basic authentication, form bodies, error bodies, paging fields.
"""

from __future__ import annotations

import asyncio
import base64
import hmac
import re
from datetime import UTC, date, datetime
from urllib.parse import urlencode

from aiohttp import web

from simulator.carrier.messages import API_VERSION, Message
from simulator.carrier.network import Network
from simulator.carrier.settings import E164, Fault

NETWORK = web.AppKey("network", Network)
_E164 = re.compile(E164)
_MAX_BODY = 1600
_PAGE_SIZE, _LARGEST_PAGE = 50, 1000
_MESSAGES = f"/{API_VERSION}/Accounts/{{account}}/Messages.json"
_MESSAGE = f"/{API_VERSION}/Accounts/{{account}}/Messages/{{sid}}.json"


def routes() -> list[web.RouteDef]:
    """The routes of the API."""
    return [web.post(_MESSAGES, create), web.get(_MESSAGES, listing), web.get(_MESSAGE, fetch)]


async def create(request: web.Request) -> web.StreamResponse:
    """POST Messages.json."""
    network = request.app[NETWORK]
    if refusal := _refused(request, network):
        return refusal
    form = await request.post()
    fields = {name: str(value) for name, value in form.items()}
    if refusal := _bad_fields(fields, network):
        return refusal
    fault = network.plan.next_create()
    message = _accept(network, fields, fault) if fault.accepts else None
    return await _answer(request, network, fault, message)


async def listing(request: web.Request) -> web.Response:
    """GET Messages.json, newest first."""
    network = request.app[NETWORK]
    if refusal := _refused(request, network):
        return refusal
    if network.plan.happens(network.settings.faults.list_error):
        return _error(500, 20500, "An internal server error has occurred")
    query = request.query
    size = min(_LARGEST_PAGE, max(1, int(query.get("PageSize", _PAGE_SIZE))))
    page = int(query.get("Page", 0))
    found = [m for m in network.visible(datetime.now(UTC)) if _matches(m, dict(query))]
    shown = found[page * size : (page + 1) * size]
    body = {
        "end": page * size + len(shown) - 1 if shown else 0,
        "first_page_uri": _page_uri(request, 0, size),
        "next_page_uri": _page_uri(request, page + 1, size) if (page + 1) * size < len(found) else None,
        "page": page,
        "page_size": size,
        "previous_page_uri": _page_uri(request, page - 1, size) if page else None,
        "messages": [message.shown() for message in shown],
        "start": page * size,
        "uri": _page_uri(request, page, size),
    }
    return web.json_response(body)


async def fetch(request: web.Request) -> web.Response:
    """GET Messages/{sid}.json."""
    network = request.app[NETWORK]
    if refusal := _refused(request, network):
        return refusal
    message = network.find(request.match_info["sid"])
    if message is None:
        return _error(404, 20404, "The requested resource was not found")
    return web.json_response(message.shown())


def _accept(network: Network, fields: dict[str, str], fault: Fault) -> Message:
    return network.accept(
        to=fields["To"], body=fields["Body"], callback_url=fields.get("StatusCallback", ""), fault=fault
    )


async def _answer(request: web.Request, network: Network, fault: Fault, message: Message | None) -> web.StreamResponse:
    match fault:
        case Fault.TOO_MANY:
            return _error(429, 20429, "Too Many Requests", retry_after_s=network.settings.faults.retry_after_s)
        case Fault.ERROR_BEFORE | Fault.ERROR_AFTER:
            return _error(500, 20500, "An internal server error has occurred")
        case Fault.HANG_BEFORE | Fault.HANG_AFTER:
            await asyncio.sleep(network.settings.faults.hang_s)
        case Fault.RESET_BEFORE | Fault.RESET_AFTER:
            if request.transport is not None:
                request.transport.abort()
            return web.Response(status=500)
        case Fault.GARBAGE_AFTER:
            return web.Response(status=201, text="<html>accepted</html>", content_type="text/html")
    return web.json_response(message.shown(), status=201) if message else _error(503, 20503, "Service unavailable")


def _refused(request: web.Request, network: Network) -> web.Response | None:
    settings = network.settings
    pair = f"{settings.account_sid}:{settings.auth_token.get_secret_value()}"
    expected = "Basic " + base64.b64encode(pair.encode()).decode("ascii")
    if not hmac.compare_digest(request.headers.get("Authorization", "").encode(), expected.encode()):
        return _error(401, 20003, "Authenticate")
    if request.match_info["account"] != settings.account_sid:
        return _error(404, 20404, "The requested resource was not found")
    return None


def _bad_fields(fields: dict[str, str], network: Network) -> web.Response | None:
    to, body = fields.get("To", ""), fields.get("Body", "")
    problems = (
        (not to, 21604, "A 'To' phone number is required."),
        (not _E164.match(to), 21211, "Invalid 'To' Phone Number"),
        (fields.get("From") != network.settings.number, 21606, "The 'From' phone number is not valid for this account"),
        (not body, 21602, "Message body is required."),
        (len(body) > _MAX_BODY, 21617, "The concatenated message body exceeds the 1600 character limit"),
        (to in network.opted_out, 21610, "Attempt to send to unsubscribed recipient"),
    )
    return next((_error(400, code, text) for wrong, code, text in problems if wrong), None)


def _matches(message: Message, query: dict[str, str]) -> bool:
    sent = message.sent_at.date() if message.sent_at else None
    checks = (
        ("To", lambda value: message.to == value),
        ("From", lambda value: message.sender == value),
        ("DateSent", lambda value: sent is not None and sent == _day(value)),
        ("DateSent>", lambda value: sent is not None and sent >= _day(value)),
        ("DateSent<", lambda value: sent is not None and sent <= _day(value)),
    )
    return all(check(query[name]) for name, check in checks if name in query)


def _day(text: str) -> date:
    return date.fromisoformat(text[:10])


def _page_uri(request: web.Request, page: int, size: int) -> str:
    query = {**request.query, "PageSize": str(size), "Page": str(page)}
    return f"{request.path}?{urlencode(query)}"


def _error(status: int, code: int, text: str, *, retry_after_s: float | None = None) -> web.Response:
    headers = {} if retry_after_s is None else {"Retry-After": f"{retry_after_s:g}"}
    body = {"code": code, "message": text, "more_info": f"https://www.twilio.com/docs/errors/{code}", "status": status}
    return web.json_response(body, status=status, headers=headers)
