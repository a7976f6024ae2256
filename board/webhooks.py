"""The phone carrier's webhooks: size first, then the signature, then one row; work happens elsewhere.

A signature carries no time, so a recorded request can be sent again; receipts and answers therefore count once
(``alerting.pager.inbound``), and a receipt and a key must know their attempt's nonce. Nothing is logged that names a
number.
"""

from __future__ import annotations

from collections.abc import Awaitable, Mapping
from dataclasses import dataclass
from http import HTTPStatus

import structlog
from fastapi import APIRouter, Request, Response

from alerting.channels.port import Receipt
from alerting.channels.twilio.callbacks import (
    KEYS_ROUTE,
    MAX_BODY_BYTES,
    REPLY_ROUTE,
    SIGNATURE_HEADER,
    STATUS_ROUTE,
    keys_url,
)
from alerting.channels.twilio.statuses import call_receipt_of, receipt_of
from alerting.channels.twilio.twiml import answer_twiml
from alerting.core.keys import ROUNDS
from alerting.pager.inbound import StatusCallback
from alerting.pager.keys import KeyPress, KeyResult
from board.bodies import Refused, read_form
from board.metrics import BoardMetrics
from board.ports import Clock, Inbound, Signed
from schemas.errors import TransientError

_log = structlog.get_logger(__name__)
_EMPTY_TWIML = "<Response/>"
_TWIML_TYPE = "text/xml"


@dataclass(frozen=True, slots=True, kw_only=True)
class Webhooks:
    """What the routes need: whom to tell, how to check a signature, and the address that signatures cover.

    ``language`` is that of the voice which answers a key.
    """

    inbound: Inbound
    signed: Signed
    base_url: str
    clock: Clock
    metrics: BoardMetrics
    language: str = "en-US"

    async def status(self, request: Request, page_id: str, attempt_id: str) -> Response:
        """A delivery receipt of one attempt, a text or a call."""
        form = await self._believed(request)
        callback = StatusCallback(
            page_id=page_id,
            attempt_id=attempt_id,
            nonce=request.query_params.get("nonce", ""),
            receipt=_receipt(form),
        )
        if not await self.inbound.record_callback(callback, now=self.clock()):
            raise Refused(HTTPStatus.FORBIDDEN, "unknown_page")
        return Response(status_code=HTTPStatus.NO_CONTENT)

    async def reply(self, request: Request) -> Response:
        """A person's answer by text message; the answer to it is empty TwiML, so no message is sent back."""
        form = await self._believed(request)
        sid, sender = form.get("MessageSid", ""), form.get("From", "")
        if not sid or not sender:
            raise Refused(HTTPStatus.BAD_REQUEST, "fields_missing")
        await self.inbound.record_reply(sender, form.get("Body", ""), message_sid=sid, now=self.clock())
        return Response(_EMPTY_TWIML, media_type=_TWIML_TYPE)

    async def key(self, request: Request, page_id: str, attempt_id: str) -> Response:
        """A key pressed in a call; what is said next goes back as TwiML."""
        form = await self._believed(request)
        sid, digit = form.get("CallSid", ""), form.get("Digits", "")
        if not sid or not digit:
            raise Refused(HTTPStatus.BAD_REQUEST, "fields_missing")
        press = KeyPress(
            page_id=page_id,
            attempt_id=attempt_id,
            nonce=request.query_params.get("nonce", ""),
            sid=sid,
            digit=digit,
            round=_round(request.query_params.get("round", "")),
        )
        result = await self.inbound.record_key(press, now=self.clock())
        if result is None:
            raise Refused(HTTPStatus.FORBIDDEN, "unknown_page")
        return Response(self._said(press, result), media_type=_TWIML_TYPE)

    def _said(self, press: KeyPress, result: KeyResult) -> str:
        address = None
        if press.round < ROUNDS:
            address = keys_url(
                self.base_url,
                page_id=press.page_id,
                attempt_id=press.attempt_id,
                nonce=press.nonce,
                said=press.round + 1,
            )
        return answer_twiml(result.outcome, result.script, keys_url=address, language=self.language)

    async def _believed(self, request: Request) -> Mapping[str, str]:
        form = await read_form(request, limit=MAX_BODY_BYTES)
        signature = request.headers.get(SIGNATURE_HEADER, "")
        if not self.signed(public_url=self._public_url(request), form=form, signature=signature):
            raise Refused(HTTPStatus.FORBIDDEN, "bad_signature")
        return form

    def _public_url(self, request: Request) -> str:
        path = request.scope["raw_path"].decode("ascii")
        query = request.scope["query_string"].decode("ascii")
        return f"{self.base_url}{path}" + (f"?{query}" if query else "")


def webhook_routes(webhooks: Webhooks) -> APIRouter:
    """Make the carrier's routes."""
    router = APIRouter()

    @router.post(STATUS_ROUTE)
    async def status(request: Request, page_id: str, attempt_id: str) -> Response:
        return await _answered("status", webhooks.status(request, page_id, attempt_id), webhooks.metrics)

    @router.post(KEYS_ROUTE)
    async def key(request: Request, page_id: str, attempt_id: str) -> Response:
        return await _answered("key", webhooks.key(request, page_id, attempt_id), webhooks.metrics)

    @router.post(REPLY_ROUTE)
    async def reply(request: Request) -> Response:
        return await _answered("reply", webhooks.reply(request), webhooks.metrics)

    return router


async def _answered(kind: str, work: Awaitable[Response], metrics: BoardMetrics) -> Response:
    """Count and log how a webhook ended; a refusal says no more than its status, an outage asks to try again."""
    try:
        response = await work
    except Refused as refused:
        _log.warning("webhook_refused", kind=kind, reason=refused.reason)
        metrics.webhooks.labels(kind=kind, result=refused.reason).inc()
        return Response(status_code=refused.status)
    except TransientError as error:
        _log.error("webhook_not_recorded", kind=kind, reason=error.reason, error=str(error))
        metrics.webhooks.labels(kind=kind, result=error.reason).inc()
        return Response(status_code=HTTPStatus.SERVICE_UNAVAILABLE, headers={"Retry-After": "1"})
    metrics.webhooks.labels(kind=kind, result="recorded").inc()
    return response


def _receipt(form: Mapping[str, str]) -> Receipt:
    if sid := form.get("CallSid", ""):
        word = form.get("CallStatus", "")
        receipt = call_receipt_of(sid, word)
    else:
        sid, word = form.get("MessageSid", ""), form.get("MessageStatus", "")
        receipt = receipt_of(sid, word, form.get("ErrorCode"))
    if not sid or not word:
        raise Refused(HTTPStatus.BAD_REQUEST, "fields_missing")
    return receipt


def _round(text: str) -> int:
    """The round that the address names; it is covered by the signature, so nonsense is a bug and ends the rounds."""
    return int(text) if text in {str(number) for number in range(1, ROUNDS + 1)} else ROUNDS
