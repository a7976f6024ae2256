"""The pager between a real PostgreSQL and the simulated carrier."""

from __future__ import annotations

import pytest

from store import audit
from store.engine import transaction
from tests.alerting.pager.harness import World

pytestmark = pytest.mark.integration


async def test_a_page_is_accepted_and_delivered_once(world: World) -> None:
    async with world.paging():
        incident_id, reference = await world.open()
        page = await world.page_reaches(incident_id, "delivered")
    assert [entry.to for entry in world.carrier.accepted] == ["+447700900001"]
    assert reference in world.carrier.accepted[0].body
    assert page.sent_at is not None
    assert page.accepted_at is not None
    assert page.created_at <= page.sent_at <= page.accepted_at
    assert (page.accepted_at - page.created_at).total_seconds() < 2


async def test_every_change_stands_in_the_audit_log_and_is_told(world: World) -> None:
    async with world.paging():
        incident_id, _ = await world.open()
        await world.page_reaches(incident_id, "delivered")
    async with transaction(world.engine) as connection:
        assert await audit.first_break(connection) is None
        assert await audit.length(connection) >= 3
    told = [event.state for event in world.events.events if event.incident_id == incident_id]
    assert told[0] == "sending"
    assert told[-1] == "delivered"
    assert "accepted" in told
