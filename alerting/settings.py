"""Settings of paging: who is on call, and how patiently the pager waits.

Built once by the composition root. Numbers are checked here, so that a page never finds out that a number is none.
"""

from __future__ import annotations

import enum

import phonenumbers
from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator

_CODE = r"^[a-z0-9][a-z0-9._-]{0,31}$"


class PagingMode(enum.StrEnum):
    """How answers come back."""

    OUTBOUND_ONLY = "outbound_only"
    """By asking the provider: no public address, no listening port."""
    WEBHOOK = "webhook"
    """By the provider's signed calls to ``public_url``; lost ones are still asked for."""


class ContactSettings(BaseModel):
    """A person: ``code`` is shown and logged, ``number`` (E.164, for example +447700900123) never is."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    code: str = Field(pattern=_CODE)
    number: str = Field(repr=False)

    @field_validator("number")
    @classmethod
    def _is_e164(cls, number: str) -> str:
        try:
            parsed = phonenumbers.parse(number)
        except phonenumbers.NumberParseException as error:
            raise ValueError("not a phone number in E.164 form (+country code and number)") from error
        if not phonenumbers.is_possible_number(parsed):
            raise ValueError("not a possible phone number (length or country code)")
        return phonenumbers.format_number(parsed, phonenumbers.PhoneNumberFormat.E164)


class PagingSettings(BaseModel):
    """Who is paged for what, and the times of the outbox algorithm (all in seconds).

    ``settle_s`` must exceed the time after which the provider's list shows a message that it accepted;
    ``lease_s`` must leave room for an attempt and the settle time.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    contacts: tuple[ContactSettings, ...] = ()
    teams: dict[str, tuple[str, ...]] = Field(default_factory=dict)
    """Team to the codes of those who are paged first."""
    mode: PagingMode = PagingMode.OUTBOUND_ONLY
    public_url: str | None = Field(default=None, pattern=r"^https?://[^?#]+$")
    """Where the provider reaches the board's webhooks, for example https://codestroke.example.org."""
    lease_s: float = Field(default=12.0, gt=0, le=120)
    settle_s: float = Field(default=5.0, gt=0, le=60)
    lookup_budget_s: float = Field(default=10.0, gt=0, le=300)
    poll_s: float = Field(default=0.5, gt=0, le=10)
    receipt_poll_s: float = Field(default=5.0, gt=0, le=300)
    receipt_window_s: float = Field(default=3600.0, gt=0, le=86_400)
    """How long after its acceptance a page's receipt is asked for."""
    reply_poll_s: float = Field(default=2.0, gt=0, le=60)
    reply_window_s: float = Field(default=900.0, gt=0, le=86_400)
    """How old an answer may be when it is first seen."""
    overdue_poll_s: float = Field(default=1.0, gt=0, le=60)
    parallel_sends: int = Field(default=8, ge=1, le=64)

    @model_validator(mode="after")
    def _names_agree(self) -> PagingSettings:
        codes = [contact.code for contact in self.contacts]
        if len(set(codes)) != len(codes):
            raise ValueError("contacts: a code stands there twice")
        for team, members in self.teams.items():
            for code in members:
                if code not in codes:
                    raise ValueError(f"teams.{team}: {code} is not among the contacts")
        if self.mode is PagingMode.WEBHOOK and not self.public_url:
            raise ValueError("public_url is needed in mode webhook")
        return self

    @property
    def callback_base(self) -> str | None:
        """The address to give the provider for its calls; None where it must not call."""
        return self.public_url if self.mode is PagingMode.WEBHOOK else None
