"""Twilio's message statuses as receipts (OpenAPI ``message_enum_status``)."""

from __future__ import annotations

from alerting.channels.port import Receipt, ReceiptState

_DELIVERED = {"delivered", "read"}
_UNDELIVERED = {"failed", "undelivered", "canceled"}
STATUSES = frozenset(
    {
        "queued", "sending", "sent", "failed", "delivered", "undelivered", "receiving", "received", "accepted",
        "scheduled", "read", "partially_delivered", "canceled",
    }
)  # fmt: skip


def receipt_of(sid: str, status: str | None, error_code: object = None) -> Receipt:
    """Read a status; one that we do not know is ``on_its_way``, because it proves acceptance and nothing more."""
    word = status if status in STATUSES else "unknown"
    state = ReceiptState.ON_ITS_WAY
    if word in _DELIVERED:
        state = ReceiptState.DELIVERED
    elif word in _UNDELIVERED:
        state = ReceiptState.UNDELIVERED
    return Receipt(sid=sid, state=state, status=word, error_code=_code(error_code))


def _code(value: object) -> int | None:
    text = str(value)
    return int(text) if value is not None and text.isdigit() else None
