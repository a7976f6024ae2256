"""One account of the provider: the library's client on our HTTP port, and what it raises.

Who calls it: the SMS and the voice channel, each with an account object of its own.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from twilio.base.exceptions import TwilioException
from twilio.rest import Client

from alerting.channels.twilio.http_client import TwilioHttp
from alerting.channels.twilio.senders import Senders
from alerting.channels.twilio.settings import TwilioSettings
from alerting.core.sending import SendKind, SendOutcome
from schemas.errors import PeerUnavailable

# What the library raises for an answer that it cannot read: not JSON, not an object, a field of another type.
_UNREADABLE = (ValueError, TypeError, AttributeError, KeyError)
FAILURES = (PeerUnavailable, TwilioException, *_UNREADABLE)
PAGE_SIZE = 100
LOOKED_THROUGH = 300
CLOCK_SLACK = timedelta(minutes=5)
"""The provider's clock may be this far behind ours."""
OWN_NUMBER = SendOutcome(kind=SendKind.PERMANENT, reason="own_number")


class Account:
    """Client, senders and connections."""

    def __init__(self, settings: TwilioSettings) -> None:
        self.settings = settings
        self.senders = Senders(settings.senders)
        self._http = TwilioHttp(settings.base_url, settings.timeout_s)
        self.client: Any = Client(
            settings.account_sid,
            settings.auth_token.get_secret_value(),
            http_client=self._http,
            environment={"TWILIO_EDGE": ""},  # not the process's: edge and region are part of base_url
        )

    def is_ours(self, number: str | None) -> bool:
        """Say whether a number is one that we send from."""
        return number in self.senders.numbers

    async def close(self) -> None:
        """Close the connections."""
        await self._http.close()


def created(made: Any) -> SendOutcome:
    """Read the answer to a creation; one without a name may still have been accepted."""
    if not made.sid:
        return SendOutcome(kind=SendKind.AMBIGUOUS, reason="answer_without_sid")
    return SendOutcome(kind=SendKind.ACCEPTED, reason="created", sid=made.sid)
