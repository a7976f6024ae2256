"""A page given up in doubt: its person is reached over another channel, whatever became of the incident meanwhile."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from prometheus_client import CollectorRegistry
from sqlalchemy import insert, update
from sqlalchemy.ext.asyncio import AsyncEngine

from alerting.core import throttle
from alerting.core.contacts import ChannelName
from alerting.pager.clock import SteadyClock
from alerting.pager.escalation import Escalation
from alerting.pager.metrics import PagerMetrics
from alerting.pager.rules import Rules
from alerting.roster import StaticRoster
from store import incidents, pages, phones
from store.engine import transaction
from store.incidents import Answer
from store.outbox import pages_of
from store.pages import PageRow
from store.tables import page_outbox
from tests.alerting.pager.harness import open_page, paging

pytestmark = pytest.mark.integration
_COLUMNS = {"recipient": "neuro-1", "channel": "sms", "state": "delivered", "body": "x", "nonce": "x"}


async def _page(engine: AsyncEngine, **page: object) -> str:
    """An incident whose one page stands as given."""
    incident_id, _ = await open_page(engine, paging())
    async with transaction(engine) as connection:
        await connection.execute(update(page_outbox).where(page_outbox.c.incident_id == incident_id).values(**page))
    return incident_id


async def _channels_after_a_round(engine: AsyncEngine, incident_id: str) -> list[str]:
    settings = paging()
    rules = Rules(settings, StaticRoster(settings), channels=(ChannelName.SMS, ChannelName.VOICE))
    await Escalation(engine, rules, SteadyClock(), PagerMetrics(CollectorRegistry()), keys=False).round()
    async with transaction(engine) as connection:
        return [page.channel for page in await pages_of(connection, [incident_id])]


async def _row(engine: AsyncEngine, incident_id: str) -> PageRow:
    async with transaction(engine) as connection:
        (row,) = await pages.lock_all(connection, [incident_id])
    return row


@pytest.mark.parametrize(
    ("state", "step", "channels"),
    [
        ("open", 1, ["sms", "voice"]),
        ("open", 3, ["sms", "voice"]),
        ("exhausted", 4, ["sms", "voice"]),
        ("acknowledged", 1, ["sms"]),
    ],
)
async def test_another_channel_is_used_while_nobody_has_it(
    engine: AsyncEngine, state: str, step: int, channels: list[str]
) -> None:
    incident_id = await _page(engine, state="failed", possible_duplicate=True)
    async with transaction(engine) as connection:
        await incidents.change(connection, incident_id, state=state, step=step, ended_at=datetime.now(UTC))
    assert await _channels_after_a_round(engine, incident_id) == channels


async def test_a_page_refused_at_an_older_step_is_not_mended(engine: AsyncEngine) -> None:
    incident_id = await _page(engine, state="failed")
    async with transaction(engine) as connection:
        await incidents.change(connection, incident_id, step=3)
    assert await _channels_after_a_round(engine, incident_id) == ["sms"]


async def test_a_page_instead_of_another_is_no_repeat_to_be_put_off(engine: AsyncEngine) -> None:
    incident_id = await _page(engine, state="failed", possible_duplicate=True, step=1)
    row = await _row(engine, incident_id)
    async with transaction(engine) as connection:
        await incidents.change(connection, incident_id, step=2)
        for step in range(2, 2 + throttle.REPEATS):
            values = {**_COLUMNS, "page_id": f"p{step}", "incident_id": incident_id, "step": step, "due_at": row.due_at}
            await connection.execute(insert(page_outbox).values(**values, created_at=row.due_at))
    await _channels_after_a_round(engine, incident_id)
    async with transaction(engine) as connection:
        (instead,) = [each for each in await pages.lock_all(connection, [incident_id]) if each.channel == "voice"]
    assert instead.due_at < row.due_at + throttle.WINDOW


async def test_who_declined_is_not_asked_over_another_channel(engine: AsyncEngine) -> None:
    incident_id = await _page(engine, state="failed", possible_duplicate=True)
    answer = Answer(person="neuro-1", kind="decline", how="sms", at=datetime.now(UTC))
    async with transaction(engine) as connection:
        await incidents.add_answer(connection, incident_id, answer)
    assert await _channels_after_a_round(engine, incident_id) == ["sms"]


async def test_a_way_is_spent_where_its_page_was_not_accepted_or_the_phone_refuses(engine: AsyncEngine) -> None:
    incident_id = await _page(engine, state="failed", possible_duplicate=True)
    row = await _row(engine, incident_id)
    async with transaction(engine) as connection:
        assert await pages.spent_ways(connection, row) == set()
        await phones.learn(connection, "neuro-1", "message", opted_out_at=datetime.now(UTC))
        assert await pages.spent_ways(connection, row) == {"message"}
    await _channels_after_a_round(engine, incident_id)
    async with transaction(engine) as connection:
        assert await pages.spent_ways(connection, row) == {"message", "voice"}
        voice = page_outbox.c.channel == "voice"
        await connection.execute(update(page_outbox).where(voice).values(state="accepted"))
        assert await pages.spent_ways(connection, row) == {"message"}
