"""Signed calls to the pager's webhooks.

Signature: HMAC-SHA1 over the URL and the sorted fields, base 64 (Twilio, "Validating Signatures from Twilio"). Written
apart from the code that checks it, so that both cannot be wrong in the same way.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
from collections.abc import Mapping
from dataclasses import dataclass

import aiohttp
import structlog

from simulator.carrier.calls import Call
from simulator.carrier.messages import API_VERSION, Message

_log = structlog.get_logger(__name__)
_PATIENCE = aiohttp.ClientTimeout(total=15)


def signature(url: str, fields: Mapping[str, str], token: str) -> str:
    """Sign a call."""
    text = url + "".join(name + fields[name] for name in sorted(fields))
    return base64.b64encode(hmac.new(token.encode(), text.encode(), hashlib.sha1).digest()).decode()


def fields_of(message: Message, status: str) -> dict[str, str]:
    """The form of a call about ``message``."""
    fields = {
        "MessageSid": message.sid,
        "SmsSid": message.sid,
        "AccountSid": message.account_sid,
        "ApiVersion": API_VERSION,
        "From": message.sender,
        "To": message.to,
    }
    if message.direction == "inbound":
        return {**fields, "Body": message.body, "NumMedia": "0", "SmsStatus": "received"}
    more = {} if message.error_code is None else {"ErrorCode": str(message.error_code)}
    return {**fields, "MessageStatus": status, "SmsStatus": status, **more}


def call_fields_of(call: Call, status: str) -> dict[str, str]:
    """The form of a webhook about ``call``."""
    return {
        "CallSid": call.sid,
        "AccountSid": call.account_sid,
        "ApiVersion": API_VERSION,
        "Called": call.to,
        "Caller": call.sender,
        "CallStatus": status,
        "Direction": call.direction,
        "From": call.sender,
        "To": call.to,
    }


@dataclass(frozen=True, slots=True)
class Heard:
    """What a webhook answered."""

    status: int
    text: str


class Caller:
    """Calls webhooks; a webhook that is away is tried once more, then it is as lost as in life."""

    def __init__(self, token: str) -> None:
        self._token = token
        self._session: aiohttp.ClientSession | None = None

    async def call(self, url: str, fields: Mapping[str, str], *, token: str | None = None) -> Heard | None:
        """POST a signed form, with another token where one is given; None where nobody answered."""
        if self._session is None:
            self._session = aiohttp.ClientSession(timeout=_PATIENCE)
        headers = {"X-Twilio-Signature": signature(url, fields, token or self._token)}
        for _ in range(2):
            try:
                async with self._session.post(url, data=dict(fields), headers=headers) as answer:
                    return Heard(answer.status, await answer.text(errors="replace"))
            except (aiohttp.ClientError, TimeoutError, OSError) as error:
                _log.info("webhook_unreachable", error=type(error).__name__)
        return None

    async def close(self) -> None:
        """Close the connections."""
        if self._session is not None:
            await self._session.close()
            self._session = None
