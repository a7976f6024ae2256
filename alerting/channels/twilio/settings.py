"""Settings of the Twilio account."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict, Field, SecretStr

ACCOUNT_SID = r"^AC[0-9a-fA-F]{32}$"
E164 = r"^\+[1-9][0-9]{6,14}$"


class TwilioSettings(BaseModel):
    """Account, sending number and patience.

    ``validity_period_s`` makes the carrier drop a page that could not be delivered in time, instead of delivering it
    hours later.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    account_sid: str = Field(pattern=ACCOUNT_SID)
    auth_token: SecretStr
    previous_auth_token: SecretStr | None = None
    """Still accepted in signatures while the token is being changed."""
    from_number: str = Field(pattern=E164)
    base_url: str = Field(default="https://api.twilio.com", pattern=r"^https?://[^/]+$")
    timeout_s: float = Field(default=3.0, gt=0, le=30)
    validity_period_s: int = Field(default=60, ge=1, le=14_400)
