"""Settings of the Twilio account."""

from __future__ import annotations

import re

from pydantic import BaseModel, ConfigDict, Field, SecretStr, field_validator

ACCOUNT_SID = r"^AC[0-9a-fA-F]{32}$"
E164 = r"^\+[1-9][0-9]{6,14}$"


class TwilioSettings(BaseModel):
    """Account, sending numbers and patience.

    ``validity_period_s`` makes the carrier drop a page that could not be delivered in time, instead of delivering it
    hours later. The paces count for the whole pool of numbers and for one pager process; 0 is no limit.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    account_sid: str = Field(pattern=ACCOUNT_SID)
    auth_token: SecretStr
    previous_auth_token: SecretStr | None = None
    """Still accepted in signatures while the token is being changed."""
    from_number: str = Field(pattern=E164)
    from_numbers: tuple[str, ...] = ()
    """More numbers to send from and to be answered at."""
    base_url: str = Field(default="https://api.twilio.com", pattern=r"^https?://[^/]+$")
    timeout_s: float = Field(default=3.0, gt=0, le=30)
    validity_period_s: int = Field(default=60, ge=1, le=14_400)
    ring_s: int = Field(default=25, ge=5, le=600)
    """How long a phone rings; short enough that most voicemails do not take the call."""
    call_limit_s: int = Field(default=180, ge=30, le=3600)
    """After this a call is ended, whoever holds it."""
    language: str = Field(default="en-US", pattern=r"^[a-z]{2}-[A-Z]{2}$")
    """Of the voice that reads the scripts, which are in English."""
    messages_per_s: float = Field(default=0.0, ge=0, le=1000)
    calls_per_s: float = Field(default=0.0, ge=0, le=1000)

    @field_validator("from_numbers")
    @classmethod
    def _numbers(cls, numbers: tuple[str, ...]) -> tuple[str, ...]:
        if any(re.fullmatch(E164, number) is None for number in numbers):
            raise ValueError("from_numbers are in E.164 form, for example +15005550006")
        return numbers

    @property
    def senders(self) -> tuple[str, ...]:
        """The pool of our numbers, each once, ``from_number`` first."""
        return tuple(dict.fromkeys((self.from_number, *self.from_numbers)))
