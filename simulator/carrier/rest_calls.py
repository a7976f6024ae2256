"""Twilio's REST API for calls: create, list, fetch (OpenAPI ``twilio_api_v2010``), with the faults of messages."""

from __future__ import annotations

from datetime import UTC, datetime

from aiohttp import web
from multidict import MultiMapping

from simulator.carrier.calls import Call
from simulator.carrier.messages import API_VERSION
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
from simulator.carrier.twiml import BadTwiml, read

_DEFAULT_RING_S = "60"
_CALLS = f"/{API_VERSION}/Accounts/{{account}}/Calls.json"
_CALL = f"/{API_VERSION}/Accounts/{{account}}/Calls/{{sid}}.json"


def routes() -> list[web.RouteDef]:
    """The routes of the API."""
    return [web.post(_CALLS, create), web.get(_CALLS, listing), web.get(_CALL, fetch)]


async def create(request: web.Request) -> web.StreamResponse:
    """POST Calls.json, with inline TwiML."""
    network = request.app[NETWORK]
    if refusal := refused(request):
        return refusal
    form = await request.post()
    fields = {name: str(value) for name, value in form.items()}
    if refusal := _bad_fields(fields, network):
        return refusal
    fault = network.plan.next_create()
    events = frozenset(str(value) for value in form.getall("StatusCallbackEvent", []))
    call = _accept(network, fields, events, fault) if fault.accepts else None
    return await answered(request, fault, call.shown() if call else None)


async def listing(request: web.Request) -> web.Response:
    """GET Calls.json, newest first."""
    if refusal := refused(request):
        return refusal
    found = [call for call in request.app[NETWORK].visible_calls(datetime.now(UTC)) if _matches(call, request.query)]
    return listed(request, "calls", found)


async def fetch(request: web.Request) -> web.Response:
    """GET Calls/{sid}.json."""
    if refusal := refused(request):
        return refusal
    call = request.app[NETWORK].find_call(request.match_info["sid"])
    return error(*NOT_FOUND) if call is None else web.json_response(call.shown())


def _accept(network: Network, fields: dict[str, str], events: frozenset[str], fault: Fault) -> Call:
    return network.accept_call(
        to=fields["To"],
        sender=fields["From"],
        twiml=fields["Twiml"],
        ring_s=float(fields.get("Timeout", _DEFAULT_RING_S)),
        callback_url=fields.get("StatusCallback", ""),
        events=events,
        fault=fault,
    )


def _bad_fields(fields: dict[str, str], network: Network) -> web.Response | None:
    to, sender, settings = fields.get("To", ""), fields.get("From", ""), network.settings
    barred = sender not in settings.own_numbers or sender in settings.faults.barred_numbers
    return first_problem(
        (not to, 21201, "No 'To' number is specified"),
        (not IS_E164.match(to), 21211, "Invalid 'To' Phone Number"),
        (not IS_E164.match(sender), 21212, "Invalid 'From' Phone Number"),
        (barred, 21210, "The source phone number is not verified for your account"),
        (not _is_readable(fields.get("Twiml", "")), 12100, "Document parse failure"),
    )


def _is_readable(twiml: str) -> bool:
    try:
        read(twiml)
    except BadTwiml:
        return False
    return True


def _matches(call: Call, query: MultiMapping[str]) -> bool:
    checks = {
        "To": lambda value: call.to == value,
        "From": lambda value: call.sender == value,
        "Status": lambda value: call.status == value,
        **date_checks("StartTime", call.started_at.date() if call.started_at else None),
        **date_checks("EndTime", call.ended_at.date() if call.ended_at else None),
    }
    return passes(query, checks)
