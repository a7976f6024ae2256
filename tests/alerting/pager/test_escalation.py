"""How an incident climbs on the real store: each step once, another way where a page failed, the desk at the end."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy.ext.asyncio import AsyncEngine

from schemas.findings import Finding, FindingState, Urgency
from store import incidents, phones, silences
from store.desk import NoticeKind
from store.engine import transaction
from tests.alerting.pager.harness import open_incident
from tests.alerting.pager.ward import Ward, ward_settings

pytestmark = pytest.mark.integration
LESSER = Finding(code="pneumonia", state=FindingState.DETECTED, urgency=Urgency.URGENT)


@pytest.fixture
def ward(engine: AsyncEngine) -> Ward:
    return Ward(engine)


async def test_it_climbs_from_a_text_to_a_call_to_the_next_tier_to_everybody_to_the_desk(ward: Ward) -> None:
    incident_id, code = await ward.opens()
    for _ in range(4):
        await ward.later(incident_id)
    assert await ward.paged(incident_id) == [
        (0, "ann", "sms"),
        (1, "ann", "voice"),
        (2, "ben", "sms"),
        (2, "ben", "voice"),
        (3, "ann", "sms"),
        (3, "ben", "sms"),
        (3, "ann", "voice"),
        (3, "ben", "voice"),
    ]
    assert await ward.state(incident_id) == "exhausted"
    (notice,) = await ward.notices()
    assert notice.kind == NoticeKind.NOBODY_ANSWERED
    assert code in notice.text
    (told,) = await ward.rows(None)
    assert (told.kind, told.recipient) == ("desk", "desk")
    assert code in told.body


async def test_the_instants_of_the_policy_stand_in_the_store(ward: Ward) -> None:
    incident_id, _ = await ward.opens()
    incident = await ward.incident(incident_id)
    assert incident.next_step_at is not None
    assert abs(incident.next_step_at - incident.opened_at - timedelta(seconds=60)) < timedelta(seconds=2)


async def test_several_pagers_take_a_step_once(ward: Ward, engine: AsyncEngine) -> None:
    incident_id, _ = await open_incident(engine)
    await asyncio.gather(*(Ward(engine).escalation.round() for _ in range(4)))
    assert await ward.paged(incident_id) == [(0, "ann", "sms")]


async def test_nothing_is_taken_before_its_time(ward: Ward) -> None:
    incident_id, _ = await ward.opens()
    assert await ward.escalation.round() == 0
    assert await ward.paged(incident_id) == [(0, "ann", "sms")]


async def test_an_instant_that_a_clock_set_back_left_behind_is_due(ward: Ward) -> None:
    incident_id, _ = await ward.opens()
    async with transaction(ward.engine) as connection:
        await incidents.change(connection, incident_id, next_step_at=datetime.now(UTC) + timedelta(hours=1))
    assert await ward.escalation.round() == 1


async def test_a_text_that_fails_is_followed_by_a_call_at_once(ward: Ward) -> None:
    incident_id, _ = await ward.opens()
    await ward.fails(incident_id, "sms", step=0)
    assert await ward.paged(incident_id) == [(0, "ann", "sms"), (0, "ann", "voice")]
    assert await ward.escalation.round() == 0


async def test_where_nobody_of_a_step_can_be_reached_the_next_is_taken_at_once(ward: Ward) -> None:
    incident_id, _ = await ward.opens()
    await ward.fails(incident_id, "sms", step=0)
    await ward.fails(incident_id, "voice", step=0)
    assert (1, "ann", "voice") in await ward.paged(incident_id)
    assert [(notice.kind, "ann" in notice.text) for notice in await ward.notices()] == [("phone_unreachable", True)]


async def test_a_phone_that_opted_out_gets_calls_only(ward: Ward) -> None:
    async with transaction(ward.engine) as connection:
        await phones.learn(connection, "ann", "sms", opted_out_at=datetime.now(UTC))
    incident_id, _ = await ward.opens()
    assert await ward.paged(incident_id) == [(1, "ann", "voice")]


async def test_nobody_on_call_alarms_the_desk_at_once(engine: AsyncEngine) -> None:
    ward = Ward(engine, ward_settings(teams={"vascular": ["ann"]}))
    incident_id, _ = await ward.opens()
    assert await ward.state(incident_id) == "exhausted"
    assert [notice.kind for notice in await ward.notices()] == [NoticeKind.NOBODY_ON_CALL]


async def test_a_silence_is_shown_and_pages_nobody(ward: Ward) -> None:
    now = datetime.now(UTC)
    async with transaction(ward.engine) as connection:
        await silences.set_silence(
            connection, team="stroke", pathway="", reason="test of the lines", by="ann",
            until=now + timedelta(hours=1), now=now,
        )  # fmt: skip
    incident_id, _ = await ward.opens()
    assert await ward.paged(incident_id) == []
    assert await ward.state(incident_id) == "silenced"
    assert [notice.kind for notice in await ward.notices()] == [NoticeKind.SILENCED]


async def test_a_graver_finding_of_the_case_mutes_a_lesser_one(ward: Ward) -> None:
    grave_id, _ = await ward.opens()
    async with transaction(ward.engine) as connection:
        grave = await incidents.find(connection, grave_id)
        assert grave is not None
        lesser = await incidents.open_incident(
            connection, case_id=grave.case_id, pathway="chest", team="stroke", finding=LESSER, now=datetime.now(UTC)
        )
    assert lesser is not None
    await ward.escalation.round()
    assert await ward.state(lesser.incident_id) == "muted"
    assert await ward.paged(lesser.incident_id) == []
    assert await ward.state(grave_id) == "open"
