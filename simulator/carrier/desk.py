"""The carrier's own routes, not Twilio's: the ledger, the phones, and a page that shows them."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

from aiohttp import web

from simulator.carrier.network import Network
from simulator.carrier.rest_common import NETWORK
from simulator.carrier.settings import PhoneSettings

_PAGE = Path(__file__).with_name("phones.html")


def routes() -> list[web.RouteDef]:
    """The routes."""
    return [
        web.get("/", page),
        web.get("/_ledger", ledger),
        web.get("/_phones", phones),
        web.post("/_phones/{number}/answer", answer),
    ]


async def page(request: web.Request) -> web.StreamResponse:
    """The phones on one page."""
    return web.FileResponse(_PAGE)


async def ledger(request: web.Request) -> web.Response:
    """Every accepted message and call; what benches judge by."""
    return web.json_response(request.app[NETWORK].ledger.shown())


async def phones(request: web.Request) -> web.Response:
    """The phones with their messages and calls, and seconds until the next answer."""
    network = request.app[NETWORK]
    return web.json_response({"phones": [_shown(network, phone) for phone in network.phones]})


async def answer(request: web.Request) -> web.Response:
    """Let a person type an answer into a phone."""
    network = request.app[NETWORK]
    number = request.match_info["number"]
    if all(phone.number != number for phone in network.phones):
        return web.json_response({"error": "no such phone"}, status=404)
    form = await request.post()
    message = network.receive(sender=number, body=str(form.get("body", ""))[:160])
    return web.json_response({"sid": message.sid}, status=201)


def _shown(network: Network, phone: PhoneSettings) -> dict[str, object]:
    now = datetime.now(UTC)
    mine = [m for m in network.messages if phone.number in (m.to, m.sender)]
    due = [network.answers_due[m.sid] for m in mine if m.sid in network.answers_due]
    return {
        "number": phone.number,
        "name": phone.name,
        "answers_in_s": max(0.0, (min(due) - now).total_seconds()) if due else None,
        "messages": [
            {"from_phone": m.direction == "inbound", "body": m.body, "status": m.status, "at": m.created_at.isoformat()}
            for m in mine
        ],
        "calls": [
            {
                "said": call.document.said,
                "status": call.status,
                "pressed": call.pressed,
                "at": call.created_at.isoformat(),
            }
            for call in network.calls
            if call.to == phone.number
        ],
    }
