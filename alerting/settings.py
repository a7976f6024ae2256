"""Settings of paging: who is on call, how a page climbs, and how patiently the pager waits.

Built once by the composition root. Numbers are checked here, so that a page never finds out that a number is none.
"""

from __future__ import annotations

import enum
from typing import Annotated, Any, Literal
from zoneinfo import ZoneInfo

import phonenumbers
from pydantic import BaseModel, ConfigDict, Field, SecretStr, field_validator, model_validator

from alerting.core.contacts import ChannelName

_CODE = r"^[a-z0-9][a-z0-9._-]{0,31}$"
CALENDAR = "calendar:"
"""Prefix of a tier's entry that names a calendar instead of a person."""


class PagingMode(enum.StrEnum):
    """How answers come back."""

    OUTBOUND_ONLY = "outbound_only"
    """By asking the provider: no public address, no listening port."""
    WEBHOOK = "webhook"
    """By the provider's signed calls to ``public_url``; lost ones are still asked for."""


class _Frozen(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class ContactSettings(_Frozen):
    """A person: ``code`` is shown and logged, ``number`` (E.164, for example +447700900123) never is."""

    code: str = Field(pattern=_CODE)
    number: str = Field(repr=False)
    name: str = ""
    """As calendars write it."""
    email: str = ""
    """As calendars write it in ATTENDEE."""
    aliases: tuple[str, ...] = ()
    """Other names under which calendars know this person."""
    roles: tuple[str, ...] = ()
    """For teams in which several roles must acknowledge, for example ``neurologist``."""
    message_url: SecretStr | None = None
    """A second way that needs no phone carrier, as an Apprise address: mailto://, msteams://, ntfy:// ..."""

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


class CalendarSettings(_Frozen):
    """A calendar of who is on call: a file or an http(s) address, which may hold a token and is never shown."""

    source: SecretStr
    overrides: SecretStr | None = None
    """A second calendar; where it names somebody, the first one does not count."""
    timezone: str = "UTC"
    """IANA name, for times without a zone and calendars that name none."""
    refresh_s: float = Field(default=300.0, gt=0, le=86_400)
    stale_after_s: float = Field(default=86_400.0, gt=0)
    """From this age on the last good copy is shown as stale; it is still used."""

    @field_validator("timezone")
    @classmethod
    def _is_a_zone(cls, name: str) -> str:
        try:
            ZoneInfo(name)
        except (KeyError, ValueError) as error:  # ZoneInfoNotFoundError is a KeyError
            raise ValueError(f"{name} is not the name of a time zone, as Europe/Berlin is") from error
        return name


class TeamSettings(_Frozen):
    """Who is paged for a team: tiers of person codes or ``calendar:<name>``, the first tier first."""

    tiers: tuple[tuple[str, ...], ...] = Field(min_length=1)
    quorum: tuple[str, ...] = ()
    """Roles that must all acknowledge; empty: one person is enough."""
    policy: str = "default"


class StepSettings(_Frozen):
    """One step of an escalation: ``after_s`` seconds after the incident opened, ``tier`` 1 is the first."""

    after_s: float = Field(ge=0, le=3600)
    tier: int | Literal["everyone"] = Field(default=1)
    channels: tuple[ChannelName, ...] = Field(default=(ChannelName.SMS,), min_length=1)


class PolicySettings(_Frozen):
    """How a page climbs until somebody acknowledges; then the alarm at the ED desk."""

    steps: tuple[StepSettings, ...] = Field(min_length=1)
    alarm_after_s: float = Field(gt=0, le=7200)

    @model_validator(mode="after")
    def _climbs(self) -> PolicySettings:
        times = [step.after_s for step in self.steps]
        if times[0] != 0 or sorted(set(times)) != times or self.alarm_after_s <= times[-1]:
            raise ValueError("steps begin at 0 s and each is later than the one before; the alarm is the latest")
        if any(step.tier != "everyone" and step.tier < 1 for step in self.steps):
            raise ValueError("tier counts from 1, or is 'everyone'")
        return self


_SMS, _VOICE = ChannelName.SMS, ChannelName.VOICE
DEFAULT_POLICY = PolicySettings(
    steps=(
        StepSettings(after_s=0, tier=1, channels=(_SMS,)),
        StepSettings(after_s=60, tier=1, channels=(_VOICE,)),
        StepSettings(after_s=120, tier=2, channels=(_SMS, _VOICE)),
        StepSettings(after_s=300, tier="everyone", channels=(_SMS, _VOICE)),
    ),
    alarm_after_s=420,
)


class HeartbeatSettings(_Frozen):
    """A page that proves the path: to ``to``, every ``every_s``; raised where it has not arrived ``within_s``."""

    to: str = Field(pattern=_CODE)
    every_s: float = Field(default=3600.0, ge=10, le=86_400)
    within_s: float = Field(default=120.0, gt=0, le=3600)


class PagingSettings(_Frozen):
    """Who is paged for what, and the times of the outbox algorithm (all in seconds).

    ``settle_s`` must exceed the time after which the provider's list shows a message that it accepted, until the
    pager has learnt that time; ``lease_s`` must leave room for an attempt and the settle time.
    """

    contacts: tuple[ContactSettings, ...] = ()
    calendars: dict[Annotated[str, Field(pattern=_CODE)], CalendarSettings] = Field(default_factory=dict)
    teams: dict[str, TeamSettings] = Field(default_factory=dict)
    """Team to its tiers; a plain list of codes is one tier."""
    policies: dict[str, PolicySettings] = Field(default_factory=dict)
    """Escalation policies by name; ``default`` may be replaced."""
    desk: tuple[str, ...] = ()
    """Contacts at the ED desk, told of alarms by text; the board shows alarms in any case."""
    heartbeat: HeartbeatSettings | None = None
    mode: PagingMode = PagingMode.OUTBOUND_ONLY
    public_url: str | None = Field(default=None, pattern=r"^https?://[^?#]+$")
    """Where the provider reaches the board's webhooks, for example https://codestroke.example.org."""
    lease_s: float = Field(default=12.0, gt=0, le=120)
    settle_s: float = Field(default=5.0, gt=0, le=60)
    settle_least_s: float = Field(default=1.0, gt=0, le=60)
    """A learnt settle time never goes below this."""
    lookup_budget_s: float = Field(default=10.0, gt=0, le=300)
    poll_s: float = Field(default=0.5, gt=0, le=10)
    receipt_poll_s: float = Field(default=5.0, gt=0, le=300)
    receipt_window_s: float = Field(default=3600.0, gt=0, le=86_400)
    """How long after its acceptance a page's receipt is asked for."""
    reply_poll_s: float = Field(default=2.0, gt=0, le=60)
    reply_window_s: float = Field(default=900.0, gt=0, le=86_400)
    """How old an answer may be when it is first seen."""
    replies_per_hour: int = Field(default=5, ge=0, le=100)
    """Answers sent back to one number that changed nothing; ends a loop of two machines."""
    overdue_poll_s: float = Field(default=1.0, gt=0, le=60)
    late_share: float = Field(default=0.2, gt=0, lt=1)
    """Where no comparable case is known: a result is called late once less than this share of its time is left."""
    learn_settle: bool = True
    """Measure how long the provider's list hides an accepted message, and settle by that."""
    parallel_sends: int = Field(default=8, ge=1, le=64)

    @field_validator("teams", mode="before")
    @classmethod
    def _one_tier(cls, teams: Any) -> Any:
        if not isinstance(teams, dict):
            return teams
        return {name: {"tiers": [given]} if isinstance(given, list | tuple) else given for name, given in teams.items()}

    @model_validator(mode="after")
    def _names_agree(self) -> PagingSettings:
        codes = [contact.code for contact in self.contacts]
        if len(set(codes)) != len(codes):
            raise ValueError("contacts: a code stands there twice")
        known = {*codes, *(CALENDAR + name for name in self.calendars)}
        for team, given in self.teams.items():
            _check_team(team, given, known, self)
        for code in self.desk + ((self.heartbeat.to,) if self.heartbeat else ()):
            if code not in codes:
                raise ValueError(f"desk or heartbeat: {code} is not among the contacts")
        if self.mode is PagingMode.WEBHOOK and not self.public_url:
            raise ValueError("public_url is needed in mode webhook")
        return self

    @property
    def callback_base(self) -> str | None:
        """The address to give the provider for its calls; None where it must not call."""
        return self.public_url if self.mode is PagingMode.WEBHOOK else None

    def policy_of(self, team: str) -> PolicySettings:
        """The escalation policy of a team; the default one where the team is unknown."""
        name = self.teams[team].policy if team in self.teams else "default"
        return self.policies.get(name, DEFAULT_POLICY)

    def quorum_of(self, team: str) -> frozenset[str]:
        """The roles of a team that must all acknowledge."""
        return frozenset(self.teams[team].quorum) if team in self.teams else frozenset()


def _check_team(team: str, given: TeamSettings, known: set[str], settings: PagingSettings) -> None:
    for entry in (entry for tier in given.tiers for entry in tier):
        if entry not in known:
            raise ValueError(f"teams.{team}: {entry} is not among the contacts or calendars")
    if given.policy != "default" and given.policy not in settings.policies:
        raise ValueError(f"teams.{team}: there is no policy {given.policy}")
    roles = {role for contact in settings.contacts for role in contact.roles}
    for role in set(given.quorum) - roles:
        raise ValueError(f"teams.{team}: nobody has the role {role}, which must acknowledge")
