"""Addresses of the signed webhooks, and the check of their signature.

Who calls it: the channels (to name the address), the board's routes (to check). Signatures carry no time, so they
can be replayed: the nonce in the address and the history's dedupe keys make a replay harmless.
"""

from __future__ import annotations

from collections.abc import Mapping
from urllib.parse import quote, urlencode

from twilio.request_validator import RequestValidator

from alerting.channels.twilio.settings import TwilioSettings

STATUS_ROUTE = "/webhooks/twilio/status/{page_id}/{attempt_id}"
KEYS_ROUTE = "/webhooks/twilio/keys/{page_id}/{attempt_id}"
REPLY_ROUTE = "/webhooks/twilio/sms"
SIGNATURE_HEADER = "X-Twilio-Signature"
MAX_BODY_BYTES = 16 * 1024


def status_callback_url(base: str, *, page_id: str, attempt_id: str, nonce: str) -> str:
    """Where the provider tells what became of one attempt."""
    return _address(base, STATUS_ROUTE, page_id, attempt_id, {"nonce": nonce})


def keys_url(base: str, *, page_id: str, attempt_id: str, nonce: str, said: int) -> str:
    """Where the provider brings the key that was pressed while the script was said for the ``said``-th time."""
    return _address(base, KEYS_ROUTE, page_id, attempt_id, {"nonce": nonce, "round": str(said)})


def is_signed(settings: TwilioSettings, *, public_url: str, form: Mapping[str, str], signature: str) -> bool:
    """Say whether the provider signed this request.

    Args:
        settings: the account; the previous token counts too, while it is set.
        public_url: the address as the provider called it, with its query; behind a proxy not what the server saw.
        form: the fields of the body.
        signature: the header ``X-Twilio-Signature``.
    """
    tokens = [settings.auth_token, settings.previous_auth_token]
    return any(
        RequestValidator(token.get_secret_value()).validate(public_url, dict(form), signature)
        for token in tokens
        if token is not None
    )


def _address(base: str, route: str, page_id: str, attempt_id: str, query: Mapping[str, str]) -> str:
    path = route.format(page_id=quote(page_id, safe=""), attempt_id=quote(attempt_id, safe=""))
    return f"{base.rstrip('/')}{path}?{urlencode(query)}"
