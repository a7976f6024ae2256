"""The one place that says what an answer of Twilio means for the page: safe to repeat, in doubt, or refused.

Sources: Twilio's error dictionary (20429 is never processed; 20500 may have been), RELIABILITY notes on create being
not idempotent. What is not in the table and not clearly "not processed" is in doubt.
"""

from __future__ import annotations

from twilio.base.exceptions import TwilioException

from alerting.channels.twilio.http_client import NoAnswer, NotSent, RateLimited
from alerting.core.sending import SendKind, SendOutcome
from schemas.errors import PeerUnavailable

BAD_SENDER, SENDER_QUEUE_FULL = "bad_sender", "sender_queue_full"

PERMANENT_CODES = {
    21210: BAD_SENDER,  # calls: 'From' is not verified
    21212: BAD_SENDER,  # calls: invalid 'From' number
    21215: "region_not_enabled",  # calls: account may not call the region
    21211: "bad_number",  # invalid 'To' number
    21214: "bad_number",  # 'To' cannot be reached
    21217: "bad_number",  # does not look valid
    21408: "region_not_enabled",  # account may not send to the region
    21601: "not_a_mobile",
    21604: "bad_number",  # 'To' is required
    21606: BAD_SENDER,  # 'From' is not ours or cannot send
    21610: "opted_out",  # recipient replied STOP
    21612: "unroutable",  # this pair of numbers cannot be used
    21614: "not_a_mobile",
    21617: "text_too_long",
    21659: BAD_SENDER,
}
"""Twilio error code to our reason: another attempt gives the same answer."""

RETRY_SAFE_CODES = {
    20003: "bad_credentials",  # authenticate: nothing was processed
    20429: "rate_limited",
    21611: SENDER_QUEUE_FULL,
    14107: "rate_limited",
    63018: "rate_limited",
}
"""Twilio error code to our reason: certainly not processed."""

RETRY_SAFE_STATUSES = {401: "bad_credentials", 403: "forbidden", 404: "bad_account", 429: "rate_limited"}
_CLIENT_ERROR, _SERVER_ERROR = 400, 500
_IN_DOUBT_STATUSES = {408, 409}


def outcome_of(error: Exception) -> SendOutcome:
    """Classify what came back from creating a message or a call."""
    match error:
        case RateLimited():
            reason = RETRY_SAFE_CODES.get(error.code or 0, error.reason)
            return SendOutcome(kind=SendKind.RETRY_SAFE, reason=reason, retry_after_s=error.retry_after_s)
        case NotSent():
            return SendOutcome(kind=SendKind.RETRY_SAFE, reason=error.reason)
        case NoAnswer():
            return SendOutcome(kind=SendKind.AMBIGUOUS, reason=error.reason)
        case TwilioException():
            return of_status(getattr(error, "status", None), getattr(error, "code", None))
        case _:  # a 2xx whose body is not what the API promises: it may well have been accepted
            return SendOutcome(kind=SendKind.AMBIGUOUS, reason="unreadable_answer")


def of_status(status: int | None, code: int | None) -> SendOutcome:
    """Classify an error answer by Twilio's code first, then by HTTP status."""
    if code in PERMANENT_CODES:
        return SendOutcome(kind=SendKind.PERMANENT, reason=PERMANENT_CODES[code])
    if code in RETRY_SAFE_CODES:
        return SendOutcome(kind=SendKind.RETRY_SAFE, reason=RETRY_SAFE_CODES[code])
    if status in RETRY_SAFE_STATUSES:
        return SendOutcome(kind=SendKind.RETRY_SAFE, reason=RETRY_SAFE_STATUSES[status])
    refused = status is not None and _CLIENT_ERROR <= status < _SERVER_ERROR and status not in _IN_DOUBT_STATUSES
    if refused:
        return SendOutcome(kind=SendKind.PERMANENT, reason=f"refused_{status}")
    return SendOutcome(kind=SendKind.AMBIGUOUS, reason=f"status_{status}" if status else "no_status")


def unavailable(error: Exception, what: str) -> PeerUnavailable:
    """Translate a failed read (look-up, receipt, inbox): all of them may be repeated."""
    if isinstance(error, PeerUnavailable):
        return error
    status = getattr(error, "status", None)
    return PeerUnavailable(
        f"the phone provider (setting twilio.base_url): {what} failed ({type(error).__name__}, status {status})",
        reason=f"status_{status}" if status else "unreadable_answer",
    )
