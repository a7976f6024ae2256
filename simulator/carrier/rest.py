"""Twilio's REST API for messages: create, list, fetch (OpenAPI ``twilio_api_v2010``), with faults."""

from __future__ import annotations

from datetime import UTC, datetime

from aiohttp import web

from simulator.carrier.messages import API_VERSION, Message
from simulator.carrier.network import Network
from simulator.carrier.rest_common import (
    IS_E164,
    NETWORK,
    NOT_FOUND,
    answered,
    date_checks,
    error,
    first_problem,
    listed,
    passes,
    refused,
)
from simulator.carrier.settings import Fault

_MAX_BODY = 1600
_MESSAGES = f"/{API_VERSION}/Accounts/{{account}}/Messages.json"
_MESSAGE = f"/{API_VERSION}/Accounts/{{account}}/Messages/{{sid}}.json"


def routes() -> list[web.RouteDef]:
    """The routes of the API."""
    return [web.post(_MESSAGES, create), web.get(_MESSAGES, listing), web.get(_MESSAGE, fetch)]


async def create(request: web.Request) -> web.StreamResponse:
    """POST Messages.json."""
    network = request.app[NETWORK]
    if refusal := refused(request):
        return refusal
    fields = {name: str(value) for name, value in (await request.post()).items()}
    if refusal := _bad_fields(fields, network):
        return refusal
    fault = network.plan.next_create()
    message = _accept(network, fields, fault) if fault.accepts else None
    return await answered(request, fault, message.shown() if message else None)


async def listing(request: web.Request) -> web.Response:
    """GET Messages.json, newest first."""
    if refusal := refused(request):
        return refusal
    found = [m for m in request.app[NETWORK].visible(datetime.now(UTC)) if _matches(m, request)]
    return listed(request, "messages", found)


async def fetch(request: web.Request) -> web.Response:
    """GET Messages/{sid}.json."""
    if refusal := refused(request):
        return refusal
    message = request.app[NETWORK].find(request.match_info["sid"])
    return error(*NOT_FOUND) if message is None else web.json_response(message.shown())


def _accept(network: Network, fields: dict[str, str], fault: Fault) -> Message:
    return network.accept(
        to=fields["To"],
        sender=fields["From"],
        body=fields["Body"],
        callback_url=fields.get("StatusCallback", ""),
        fault=fault,
    )


def _bad_fields(fields: dict[str, str], network: Network) -> web.Response | None:
    to, body, sender = fields.get("To", ""), fields.get("Body", ""), fields.get("From", "")
    settings = network.settings
    barred = sender not in settings.own_numbers or sender in settings.faults.barred_numbers
    return first_problem(
        (not to, 21604, "A 'To' phone number is required."),
        (not IS_E164.match(to), 21211, "Invalid 'To' Phone Number"),
        (barred, 21606, "The 'From' phone number is not valid for this account"),
        (not body, 21602, "Message body is required."),
        (len(body) > _MAX_BODY, 21617, "The concatenated message body exceeds the 1600 character limit"),
        (to in network.opted_out, 21610, "Attempt to send to unsubscribed recipient"),
        (sender in settings.faults.full_numbers, 21611, "This 'From' number has exceeded its queue"),
    )


def _matches(message: Message, request: web.Request) -> bool:
    checks = {
        "To": lambda value: message.to == value,
        "From": lambda value: message.sender == value,
        **date_checks("DateSent", message.sent_at.date() if message.sent_at else None),
    }
    return passes(request.query, checks)
