"""The outbox under claims: fences, leases, one change once."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy.ext.asyncio import AsyncEngine

from store import incidents, leases, outbox, pages
from store.engine import StoreSettings, open_engine, transaction
from store.leases import Lease
from store.outbox import PageIntent
from store.pages import PageChange
from tests.alerting.pager.harness import open_page, paging

pytestmark = pytest.mark.integration


@pytest.fixture
async def engine(store_settings: StoreSettings) -> AsyncIterator[AsyncEngine]:
    opened = open_engine(store_settings)
    yield opened
    await opened.dispose()


def _lease(owner: str = "a", later_s: float = 1.0) -> Lease:
    return Lease(owner=owner, now=datetime.now(UTC) + timedelta(seconds=later_s), seconds=10)


async def test_a_page_that_another_pager_has_locked_is_passed_over(engine: AsyncEngine) -> None:
    incident_id, _ = await open_page(engine, paging())
    async with transaction(engine) as first, transaction(engine) as second:
        (row,) = await pages.lock_all(first, [incident_id])
        assert await leases.claim_due(second, _lease("b"), limit=5) == []
    async with transaction(engine) as third:
        assert [claimed.page_id for claimed in await leases.claim_due(third, _lease("c"), limit=5)] == [row.page_id]


async def test_a_page_that_waits_is_still_sent_when_the_policy_is_over_and_nobody_has_it(engine: AsyncEngine) -> None:
    incident_id, _ = await open_page(engine, paging())
    async with transaction(engine) as connection:
        await incidents.change(connection, incident_id, state="exhausted")
        assert await leases.needless(connection, limit=5) == []
        assert len(await leases.claim_due(connection, _lease(), limit=5)) == 1


async def test_the_history_of_a_page_is_written_while_its_incident_is_locked(engine: AsyncEngine) -> None:
    """Else a pager that claims and one that escalates wait for each other."""
    incident_id, _ = await open_page(engine, paging())
    change = PageChange(kind="seen", dedupe_key="seen")
    async with transaction(engine) as first, transaction(engine) as second:
        assert await incidents.lock(first, incident_id) is not None
        (row,) = await pages.lock_all(first, [incident_id])
        async with asyncio.timeout(2):
            now = datetime.now(UTC)
            assert await pages.note(second, change, page_id=row.page_id, incident_id=incident_id, now=now)


async def test_a_claim_raises_the_fence_and_an_older_one_finds_nothing(engine: AsyncEngine) -> None:
    await open_page(engine, paging())
    async with transaction(engine) as connection:
        (old,) = await leases.claim_due(connection, _lease(), limit=1)
    async with transaction(engine) as connection:
        (new,) = await leases.claim_in_doubt(connection, _lease("b", later_s=60), limit=1)
        assert new.fence == old.fence + 1
        assert await pages.lock(connection, old.page_id, fence=old.fence) is None
        assert await pages.lock(connection, old.page_id, fence=new.fence) is not None


async def test_a_lease_that_runs_is_left_alone(engine: AsyncEngine) -> None:
    await open_page(engine, paging())
    async with transaction(engine) as connection:
        await leases.claim_due(connection, _lease(), limit=1)
        assert await leases.claim_in_doubt(connection, _lease("b", later_s=5), limit=1) == []


async def test_each_attempt_has_a_name_of_its_own(engine: AsyncEngine) -> None:
    await open_page(engine, paging())
    await open_page(engine, paging())
    async with transaction(engine) as connection:
        rows = await leases.claim_due(connection, _lease(), limit=5)
    assert len({row.attempt_id for row in rows}) == 2


async def test_the_same_change_is_applied_once(engine: AsyncEngine) -> None:
    incident_id, _ = await open_page(engine, paging())
    change = PageChange(kind="x", dedupe_key="once", values={"last_error": "x"})
    async with transaction(engine) as connection:
        (page,) = await outbox.pages_of(connection, [incident_id])
        row = await pages.lock(connection, page.page_id)
        assert row is not None
        now = datetime.now(UTC)
        assert await pages.change(connection, row, change, actor="pager", now=now)
        assert not await pages.change(connection, row, change, actor="pager", now=now)


async def test_an_intent_is_written_once_per_person_channel_and_step(engine: AsyncEngine) -> None:
    incident_id, _ = await open_page(engine, paging())
    now = datetime.now(UTC)
    again = PageIntent(
        page_id="other",
        incident_id=incident_id,
        recipient="neuro-1",
        channel="sms",
        step=0,
        body="b",
        nonce="n",
        due_at=now,
    )
    async with transaction(engine) as connection:
        assert not await outbox.add(connection, again, now=now)
        assert len(await outbox.pages_of(connection)) == 1
