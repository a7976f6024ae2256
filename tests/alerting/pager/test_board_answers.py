"""Answers on the board: by whom, once, with the rules of every other answer."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from sqlalchemy import select

from alerting.core.replies import ReplyKind
from alerting.pager.inbound import Inbound, ReplyResult
from store import incidents
from store.engine import transaction
from store.tables import audit, incident_answers
from tests.alerting.pager.harness import World, open_second_incident

pytestmark = pytest.mark.integration
NOW = datetime.now(UTC)
TAKE = ReplyKind.ACKNOWLEDGE


@pytest.fixture
async def inbound(world: World) -> Inbound:
    pager, sms = world.pager()
    await sms.close()
    return pager.inbound


async def _state(world: World, incident_id: str) -> tuple[str, str, str]:
    async with transaction(world.engine) as connection:
        found = await incidents.find(connection, incident_id)
    assert found is not None
    return found.state, found.acknowledged_by, found.acknowledged_how


async def test_a_person_of_the_team_takes_the_case_on_the_board(world: World, inbound: Inbound) -> None:
    incident_id, code = await world.open()
    assert await inbound.who_may_answer(code, now=NOW) == ("neuro-1",)
    assert await inbound.answer_on_board(code, "neuro-1", TAKE, token="t1", now=NOW) is ReplyResult.ACKNOWLEDGED
    assert await _state(world, incident_id) == ("acknowledged", "neuro-1", "board")
    assert (await world.pages(incident_id))[0].state == "cancelled", "what was not sent yet is taken back"
    async with transaction(world.engine) as connection:
        chosen = select(audit.c.detail).where(audit.c.action == "incident.acknowledged")
        detail = (await connection.execute(chosen)).scalar_one()
    assert detail["why"] == "neuro-1 by board"


@pytest.mark.parametrize(("person", "result"), [("vasc-1", "not_paged"), ("nobody", "not_paged")])
async def test_nobody_of_another_team_may_be_named(world: World, inbound: Inbound, person: str, result: str) -> None:
    incident_id, code = await world.open()
    assert await inbound.answer_on_board(code, person, TAKE, token="t1", now=NOW) == result
    assert (await _state(world, incident_id))[0] == "open"


async def test_who_was_paged_may_be_named_though_off_call(world: World, inbound: Inbound) -> None:
    incident_id, code = await world.open()
    async with transaction(world.engine) as connection:
        await incidents.change(connection, incident_id, team="vascular")
    assert await inbound.who_may_answer(code, now=NOW) == ("vasc-1", "neuro-1")
    assert await inbound.answer_on_board(code, "neuro-1", TAKE, token="t1", now=NOW) is ReplyResult.ACKNOWLEDGED


async def test_a_form_that_is_sent_twice_counts_once(world: World, inbound: Inbound) -> None:
    incident_id, code = await world.open()
    results = [await inbound.answer_on_board(code, "neuro-1", ReplyKind.DECLINE, token="t1", now=NOW) for _ in range(2)]
    assert results == [ReplyResult.DECLINED, ReplyResult.REPEATED]
    async with transaction(world.engine) as connection:
        assert len(await incidents.answers_of(connection, incident_id)) == 1


async def test_an_unknown_case_has_nobody_to_name(world: World, inbound: Inbound) -> None:
    assert await inbound.who_may_answer("2222", now=NOW) == ()
    assert await inbound.answer_on_board("2222", "neuro-1", TAKE, token="t", now=NOW) is ReplyResult.UNKNOWN_CODE


async def test_one_answer_takes_all_findings_of_the_case(world: World, inbound: Inbound) -> None:
    incident_id, code = await world.open()
    other_id = await open_second_incident(world, incident_id)
    await inbound.answer_on_board(code, "neuro-1", TAKE, token="t1", now=NOW)
    for each in (incident_id, other_id):
        assert await _state(world, each) == ("acknowledged", "neuro-1", "board")
    async with transaction(world.engine) as connection:
        ways = set((await connection.execute(select(incident_answers.c.how))).scalars())
    assert ways == {"board"}


@pytest.mark.parametrize("kind", [ReplyKind.OPT_OUT, ReplyKind.NOT_UNDERSTOOD])
async def test_only_answers_are_answers(inbound: Inbound, kind: ReplyKind) -> None:
    with pytest.raises(ValueError, match="no answer"):
        await inbound.answer_on_board("K7FQ", "neuro-1", kind, token="t", now=NOW)
