"""Who is on call is checked when the settings are read."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from pydantic import ValidationError

from alerting.roster import StaticRoster
from alerting.settings import ContactSettings, PagingSettings

ANN = {"code": "ann", "number": "+44 7700 900001"}
NOW = datetime(2026, 3, 1, tzinfo=UTC)


@pytest.mark.parametrize("number", ["07700900001", "+1", "not a number", "+999123456789", ""])
def test_a_number_that_is_none_is_refused(number: str) -> None:
    with pytest.raises(ValidationError, match="phone number"):
        ContactSettings(code="ann", number=number)


def test_numbers_are_kept_in_e164() -> None:
    assert ContactSettings.model_validate(ANN).number == "+447700900001"


def test_a_team_of_strangers_is_refused_by_name() -> None:
    with pytest.raises(ValidationError, match=r"teams\.stroke: bob"):
        PagingSettings.model_validate({"contacts": [ANN], "teams": {"stroke": ["bob"]}})


def test_a_code_may_stand_once() -> None:
    with pytest.raises(ValidationError, match="twice"):
        PagingSettings.model_validate({"contacts": [ANN, ANN]})


def test_webhooks_need_a_public_address() -> None:
    with pytest.raises(ValidationError, match="public_url"):
        PagingSettings.model_validate({"mode": "webhook"})


def test_unknown_settings_are_refused() -> None:
    with pytest.raises(ValidationError, match="extra"):
        PagingSettings.model_validate({"lease": 3})


def test_the_static_roster_knows_team_person_and_number() -> None:
    roster = StaticRoster(PagingSettings.model_validate({"contacts": [ANN], "teams": {"stroke": ["ann"]}}))
    assert [person.code for tier in roster.tiers("stroke", NOW) for person in tier] == ["ann"]
    assert roster.tiers("vascular", NOW) == ()
    assert roster.contact("ann") == roster.with_number("+447700900001")[0]
    assert roster.contact("bob") is None
