"""A silence ends what is running, tells the desk, and brings nothing back when it is lifted."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from store import incidents, silences
from store.engine import transaction
from store.silences import Silence
from tests.alerting.pager.deadlines import notices, register
from tests.alerting.pager.harness import LVO, World, take_steps, until

pytestmark = pytest.mark.integration


async def _silence(world: World, **what: str) -> Silence:
    now = datetime.now(UTC)
    wanted = {"team": "", "pathway": "", **what}
    async with transaction(world.engine) as connection:
        return await silences.set_silence(
            connection, **wanted, reason="moving house", by="tester", until=now + timedelta(minutes=5), now=now
        )


async def _state(world: World, incident_id: str) -> str:
    async with transaction(world.engine) as connection:
        incident = await incidents.find(connection, incident_id)
    assert incident is not None
    return incident.state


async def test_a_silence_ends_a_running_escalation_within_a_second(world: World) -> None:
    async with world.paging():
        incident_id, _ = await world.open()
        await world.page_reaches(incident_id, "delivered")
        await _silence(world, team="stroke")

        async def ended() -> bool | None:
            return await _state(world, incident_id) == "silenced" or None

        await until(ended, within_s=1.0)
    assert [notice.kind for notice in await notices(world.engine)] == ["silenced"]


async def test_one_of_another_team_or_pathway_changes_nothing(world: World) -> None:
    async with world.paging():
        incident_id, _ = await world.open()
        await _silence(world, team="vascular")
        await _silence(world, team="stroke", pathway="chest")
        await world.page_reaches(incident_id, "delivered")
    assert await _state(world, incident_id) == "open"


async def test_lifting_it_pages_nothing_that_was_silenced(world: World) -> None:
    silence = await _silence(world, pathway="lvo")
    case_id, now = await register(world.engine, age=timedelta(), budget=timedelta(minutes=3)), datetime.now(UTC)
    async with transaction(world.engine) as connection:
        incident = await incidents.open_incident(
            connection, case_id=case_id, pathway="lvo", team="stroke", finding=LVO, now=now
        )
    assert incident is not None
    await take_steps(world.engine, world.settings)
    async with transaction(world.engine) as connection:
        assert await silences.lift(connection, silence.silence_id, by="tester", now=now)
    await take_steps(world.engine, world.settings)
    found = await _state(world, incident.incident_id), await world.pages(incident.incident_id)
    assert found == ("silenced", [])
