"""What people answer changes the incident, once, and every answer is answered."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime

import pytest
from sqlalchemy.ext.asyncio import AsyncEngine

from alerting.core.keys import KeyOutcome
from alerting.pager.inbound import ReplyResult
from store import incidents
from store.desk import NoticeKind
from store.engine import transaction
from tests.alerting.pager.ward import PEOPLE, Ward, ward_settings

pytestmark = pytest.mark.integration
QUORUM = {"stroke": {"tiers": [["ann", "ben"]], "quorum": ["neurologist", "anaesthetist"]}}


@pytest.fixture
def ward(engine: AsyncEngine) -> Ward:
    return Ward(engine)


async def _opened(ward: Ward) -> tuple[str, str]:
    opened = await ward.opens()
    await ward.was_sent(opened[0])
    return opened


async def test_whoever_declines_is_followed_by_the_next_step_at_once(ward: Ward) -> None:
    incident_id, code = await _opened(ward)
    assert await ward.replies_with("ann", f"3 {code}") is ReplyResult.DECLINED
    # Ann is asked no more: her call is passed over, and the second tier is next.
    assert await ward.paged(incident_id) == [(0, "ann", "sms"), (2, "ben", "sms"), (2, "ben", "voice")]


async def test_passing_on_takes_the_next_step_at_once(ward: Ward) -> None:
    incident_id, code = await _opened(ward)
    assert await ward.replies_with("ann", f"2 {code}") is ReplyResult.ESCALATED
    assert await ward.paged(incident_id) == [(0, "ann", "sms"), (1, "ann", "voice")]


async def test_where_everybody_declines_the_desk_is_alarmed(ward: Ward) -> None:
    incident_id, code = await _opened(ward)
    await ward.replies_with("ann", f"3 {code}")
    await ward.was_sent(incident_id)
    await ward.replies_with("ben", f"3 {code}")
    assert await ward.state(incident_id) == "declined"
    assert [notice.kind for notice in await ward.notices()] == [NoticeKind.ALL_DECLINED]


async def test_who_takes_it_late_clears_the_alarm(ward: Ward) -> None:
    incident_id, code = await _opened(ward)
    for _ in range(4):
        await ward.later(incident_id)
    assert await ward.replies_with("ann", f"1 {code}") is ReplyResult.ACKNOWLEDGED
    assert (await ward.state(incident_id), await ward.notices()) == ("acknowledged", [])


async def test_what_is_given_back_is_paged_again(ward: Ward) -> None:
    incident_id, code = await _opened(ward)
    await ward.replies_with("ann", f"1 {code}")
    assert await ward.replies_with("ann", f"3 {code}") is ReplyResult.GIVEN_BACK
    incident = await ward.incident(incident_id)
    assert (incident.state, incident.acknowledged_at, incident.acknowledged_by) == ("open", None, "")
    assert (2, "ben", "sms") in await ward.paged(incident_id)


async def test_several_roles_must_take_it(engine: AsyncEngine) -> None:
    ward = Ward(engine, ward_settings(teams=QUORUM))
    incident_id, code = await _opened(ward)
    assert await ward.replies_with("ann", f"1 {code}") is ReplyResult.PARTLY_ACKNOWLEDGED
    assert await ward.state(incident_id) == "open"
    await ward.later(incident_id)
    assert [page for page in await ward.paged(incident_id) if page[0] == 1] == [(1, "ben", "voice")]
    await ward.was_sent(incident_id)
    assert await ward.replies_with("ben", f"1 {code}") is ReplyResult.ACKNOWLEDGED
    assert await ward.state(incident_id) == "acknowledged"


async def test_an_acknowledged_incident_climbs_no_further(ward: Ward) -> None:
    incident_id, code = await _opened(ward)
    await ward.replies_with("ann", f"1 {code}")
    await ward.later(incident_id)
    assert await ward.paged(incident_id) == [(0, "ann", "sms")]


async def test_opting_out_is_noticed_and_escalated(ward: Ward) -> None:
    incident_id, _ = await _opened(ward)
    assert await ward.replies_with("ann", "STOP") is ReplyResult.OPTED_OUT
    assert (1, "ann", "voice") in await ward.paged(incident_id)
    assert [notice.kind for notice in await ward.notices()] == [NoticeKind.OPTED_OUT]
    assert await ward.replies_with("ann", "START") is ReplyResult.OPTED_IN
    assert await ward.notices() == []


@pytest.mark.parametrize(
    ("person", "body", "words"),
    [
        ("ann", "1 {code}", "is yours"),
        ("ann", "2 {code}", "passed on"),
        ("ann", "3 {code}", "Somebody else is asked"),
        ("ann", "1 2222", "no case with this code"),
        ("eve", "1 {code}", "you were not paged"),
        ("ann", "1", "add the code"),
        ("ann", "who is this", "not understood"),
        ("+447700900077", "1 {code}", "not on the rota"),
    ],
)
async def test_every_reply_is_answered(ward: Ward, person: str, body: str, words: str) -> None:
    _, code = await _opened(ward)
    await ward.replies_with(person, body.format(code=code))
    (answer,) = [row for row in await ward.rows(None) if row.kind == "notice"]
    assert words in answer.body
    assert (answer.to_number == person) == person.startswith("+")


async def test_two_machines_that_answer_each_other_are_stopped(ward: Ward) -> None:
    await _opened(ward)
    for _ in range(8):
        await ward.replies_with("ann", "I am out of office")
    assert sum(row.kind == "notice" for row in await ward.rows(None)) == ward.settings.replies_per_hour


@pytest.mark.parametrize(
    ("digit", "outcome", "state"),
    [
        ("4", KeyOutcome.TAKEN, "acknowledged"),
        ("5", KeyOutcome.PASSED_ON, "open"),
        ("6", KeyOutcome.DECLINED, "open"),
        ("*", KeyOutcome.REPEAT, "open"),
        ("9", KeyOutcome.NOT_UNDERSTOOD, "open"),
    ],
)
async def test_keys_answer_a_call(ward: Ward, digit: str, outcome: KeyOutcome, state: str) -> None:
    incident_id, _ = await _opened(ward)
    await ward.later(incident_id)
    result = await ward.presses(incident_id, "ann", digit)
    assert result is not None
    assert (result.outcome, await ward.state(incident_id)) == (outcome, state)
    assert "code stroke" in result.script


async def test_a_replayed_key_changes_nothing(ward: Ward) -> None:
    incident_id, _ = await _opened(ward)
    await ward.later(incident_id)
    await ward.presses(incident_id, "ann", "5")
    before = await ward.incident(incident_id)
    replayed = await ward.presses(incident_id, "ann", "5")
    assert replayed is not None
    assert await ward.incident(incident_id) == before


async def test_one_reply_told_twice_at_the_same_moment_counts_once(ward: Ward) -> None:
    incident_id, code = await _opened(ward)
    now = datetime.now(UTC)
    results = await asyncio.gather(
        *(ward.inbound.record_reply(PEOPLE["ann"], f"2 {code}", message_sid="SM1", now=now) for _ in range(4))
    )
    assert sorted(results) == [ReplyResult.ESCALATED, *[ReplyResult.REPEATED] * 3]
    async with transaction(ward.engine) as connection:
        assert len(await incidents.answers_of(connection, incident_id)) == 1
