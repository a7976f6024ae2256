"""Settings of the simulated carrier: account, phones, delays and faults."""

from __future__ import annotations

import enum

from pydantic import BaseModel, ConfigDict, Field, SecretStr

E164 = r"^\+[1-9][0-9]{6,14}$"


class Fault(enum.StrEnum):
    """What can go wrong when a message is created; "before" and "after" tell whether it was accepted."""

    NONE = "none"
    TOO_MANY = "too_many"
    """429, not processed."""
    ERROR_BEFORE = "error_before"
    """500, not processed."""
    ERROR_AFTER = "error_after"
    """500, although accepted."""
    HANG_BEFORE = "hang_before"
    HANG_AFTER = "hang_after"
    """Accepted, but the answer comes after everybody's patience."""
    RESET_BEFORE = "reset_before"
    RESET_AFTER = "reset_after"
    GARBAGE_AFTER = "garbage_after"
    """Accepted, and answered 201 with something that is not JSON."""

    @property
    def accepts(self) -> bool:
        """Whether the message is accepted all the same."""
        return self in {Fault.NONE, Fault.ERROR_AFTER, Fault.HANG_AFTER, Fault.RESET_AFTER, Fault.GARBAGE_AFTER}


class _Frozen(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class FaultSettings(_Frozen):
    """Which faults, how often (0..1); ``script`` is used up first, one fault for each message or call created."""

    create: dict[Fault, float] = Field(default_factory=dict)
    script: tuple[Fault, ...] = ()
    list_error: float = Field(default=0.0, ge=0, le=1)
    callback_lost: float = Field(default=0.0, ge=0, le=1)
    callback_twice: float = Field(default=0.0, ge=0, le=1)
    callbacks_reversed: float = Field(default=0.0, ge=0, le=1)
    forged: float = Field(default=0.0, ge=0, le=1)
    """Beside a call to a webhook two more come: one signed with another token, one with another nonce."""
    callback_replayed: float = Field(default=0.0, ge=0, le=1)
    """A call to a webhook is sent again, word for word, after ``replayed_after_s``."""
    replayed_after_s: float = Field(default=1.0, ge=0)
    full_numbers: tuple[str, ...] = ()
    """Numbers of ours whose queue is full (21611)."""
    barred_numbers: tuple[str, ...] = ()
    """Numbers of ours that may not send (21606, for calls 21210)."""
    hang_s: float = Field(default=30.0, gt=0)
    retry_after_s: float = Field(default=1.0, ge=0)


class PhoneCall(enum.StrEnum):
    """What becomes of a call to a phone."""

    KEYS = "keys"
    """A person picks up, listens and presses keys; where none is waited for, the answer is a text message."""
    NONE = "none"
    """It rings until the caller gives up."""
    BUSY = "busy"
    VOICEMAIL = "voicemail"
    """A machine picks up, and nobody presses anything."""


class PhoneSettings(_Frozen):
    """A phone and the person who holds it.

    Attributes:
        answer: to a text message; may hold ``{code}``, None never answers.
        call: what becomes of a call.
        key: the keys pressed in a call, one for each time that one is waited for.
        ring_after_s: how long it rings before somebody or something picks up.
        key_after_s: how long the person listens before a key.
    """

    number: str = Field(pattern=E164)
    name: str = ""
    answer: str | None = "1 {code}"
    answer_after_s: float = Field(default=5.0, ge=0)
    reachable: bool = True
    call: PhoneCall = PhoneCall.NONE
    key: str = Field(default="4", pattern=r"^[0-9*#]*$")
    ring_after_s: float = Field(default=1.0, ge=0)
    key_after_s: float = Field(default=2.0, ge=0)


class CarrierSettings(_Frozen):
    """The account that the pager uses, and how this network behaves (all times in seconds)."""

    host: str = "127.0.0.1"
    port: int = Field(default=0, ge=0, le=65535)
    account_sid: str = Field(default="AC" + "0" * 32, pattern=r"^AC[0-9a-fA-F]{32}$")
    auth_token: SecretStr = SecretStr("carrier-of-the-simulator")
    number: str = Field(default="+15005550006", pattern=E164)
    numbers: tuple[str, ...] = ()
    """More numbers that the account may send from."""
    phones: tuple[PhoneSettings, ...] = ()
    sms_webhook_url: str | None = None
    """Where messages to our number are announced; None where the pager only asks."""
    list_lag_s: float = Field(default=0.2, ge=0)
    """How long an accepted message or call is missing from the list."""
    sent_after_s: float = Field(default=0.3, ge=0)
    delivered_after_s: float = Field(default=1.0, ge=0)
    dial_after_s: float = Field(default=0.3, ge=0)
    longest_ring_s: float = Field(default=60.0, ge=0)
    """A phone that nobody picks up rings this long at most, whatever the caller asked for."""
    hold_s: float = Field(default=5.0, ge=0)
    """How long a call lasts in which no key is pressed any more."""
    faults: FaultSettings = FaultSettings()
    seed: int = 0

    @property
    def own_numbers(self) -> tuple[str, ...]:
        """All numbers of the account."""
        return (self.number, *self.numbers)
