"""The people of a scene: their phones and what they do with them, their teams, and how a page climbs.

Numbers are of the North American fictional range (555-0100 to 555-0199).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from simulator.carrier.settings import PhoneCall, PhoneSettings

Teams = Mapping[str, Mapping[str, object]]
# The default policy with the minutes taken out of it: what takes seven minutes in a hospital fits into a demonstration.
_QUICK_POLICY: Mapping[str, object] = {
    "steps": [
        {"after_s": 0, "tier": 1, "channels": ["sms"]},
        {"after_s": 5, "tier": 1, "channels": ["voice"]},
        {"after_s": 12, "tier": 2, "channels": ["sms", "voice"]},
        {"after_s": 24, "tier": "everyone", "channels": ["sms", "voice"]},
    ],
    "alarm_after_s": 40,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Cast:
    """Who is in a scene.

    Attributes:
        phones: person code to phone.
        teams: as in the settings of paging.
        policies: as in the settings of paging; empty for the default.
        desk: codes of the people at the ED desk.
        webhooks: whether the carrier calls the board, as keys in a call need.
    """

    phones: Mapping[str, PhoneSettings]
    teams: Teams
    policies: Mapping[str, Mapping[str, object]] = field(default_factory=dict)
    desk: Sequence[str] = ()
    webhooks: bool = False


def prompt_cast(answer_after_s: float) -> Cast:
    """One person a team, who answers the first text after ``answer_after_s`` seconds."""
    numbers = {"neuro-1": "+12025550101", "vascular-1": "+12025550102"}
    phones = {
        code: PhoneSettings(number=number, name=code, answer_after_s=answer_after_s) for code, number in numbers.items()
    }
    return Cast(phones=phones, teams={"stroke": {"tiers": [["neuro-1"]]}, "vascular": {"tiers": [["vascular-1"]]}})


def climbing_cast(answer_after_s: float) -> Cast:
    """The neurologist on call hears neither text nor call; the second one takes the case by a key in a call."""
    phones = {
        "neuro-1": PhoneSettings(number="+12025550101", name="neuro-1, asleep", answer=None, call=PhoneCall.NONE),
        "neuro-2": PhoneSettings(
            number="+12025550103", name="neuro-2", answer=None, call=PhoneCall.KEYS, key="4", key_after_s=2.0
        ),
        "vascular-1": PhoneSettings(number="+12025550102", name="vascular-1", answer_after_s=answer_after_s),
        "ed-desk": PhoneSettings(number="+12025550104", name="ED desk", answer=None),
    }
    return Cast(
        phones=phones,
        teams={
            "stroke": {"tiers": [["neuro-1"], ["neuro-2"]], "policy": "quick"},
            "vascular": {"tiers": [["vascular-1"]], "policy": "quick"},
        },
        policies={"quick": _QUICK_POLICY},
        desk=("ed-desk",),
        webhooks=True,
    )
