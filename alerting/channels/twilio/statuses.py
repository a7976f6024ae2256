"""Twilio's statuses of messages and calls as receipts (OpenAPI ``message_enum_status``, ``call_enum_status``)."""

from __future__ import annotations

from alerting.channels.port import Receipt, ReceiptState

_MESSAGE_STATES = {
    **dict.fromkeys(("delivered", "read"), ReceiptState.DELIVERED),
    **dict.fromkeys(("failed", "undelivered", "canceled"), ReceiptState.UNDELIVERED),
}
_CALL_STATES = {
    **dict.fromkeys(("in-progress", "completed"), ReceiptState.DELIVERED),
    **dict.fromkeys(("busy", "no-answer", "failed", "canceled"), ReceiptState.UNDELIVERED),
}
STATUSES = frozenset(
    {
        "queued", "sending", "sent", "failed", "delivered", "undelivered", "receiving", "received", "accepted",
        "scheduled", "read", "partially_delivered", "canceled",
    }
)  # fmt: skip

CALL_STATUSES = frozenset({"queued", "initiated", "ringing", *_CALL_STATES})
"""``initiated`` stands in callbacks only."""


def receipt_of(sid: str, status: str | None, error_code: object = None) -> Receipt:
    """Read a status; one that we do not know is ``on_its_way``, because it proves acceptance and nothing more."""
    word = status if status in STATUSES else "unknown"
    state = _MESSAGE_STATES.get(word, ReceiptState.ON_ITS_WAY)
    return Receipt(sid=sid, state=state, status=word, error_code=_code(error_code))


def call_receipt_of(sid: str, status: str | None) -> Receipt:
    """Read the status of a call; ``delivered`` is "somebody or something picked up", never "a person heard it"."""
    word = status if status in CALL_STATUSES else "unknown"
    return Receipt(sid=sid, state=_CALL_STATES.get(word, ReceiptState.ON_ITS_WAY), status=word)


def _code(value: object) -> int | None:
    text = str(value)
    return int(text) if value is not None and text.isdigit() else None
