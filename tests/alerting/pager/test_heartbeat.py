"""The heartbeat: one an interval whatever the number of pagers, missed aloud, cleared by the next that arrives."""

from __future__ import annotations

from datetime import timedelta

import pytest
from prometheus_client import CollectorRegistry
from sqlalchemy import update
from sqlalchemy.ext.asyncio import AsyncEngine

from alerting.core.heartbeat import PathState
from alerting.pager.clock import SteadyClock
from alerting.pager.heartbeat import Heartbeat
from alerting.pager.metrics import PagerMetrics
from alerting.pager.rules import Rules
from alerting.roster import StaticRoster
from alerting.settings import HeartbeatSettings
from store.engine import transaction
from store.tables import page_outbox
from tests.alerting.pager.deadlines import notices, texts
from tests.alerting.pager.harness import VASCULAR, World, paging, until

pytestmark = pytest.mark.integration
BEAT = HeartbeatSettings(to="vasc-1", every_s=86_400, within_s=60)


def _heartbeat(engine: AsyncEngine) -> tuple[Heartbeat, CollectorRegistry]:
    settings, registry = paging(desk=["neuro-1"]), CollectorRegistry()
    rules = Rules(settings, StaticRoster(settings))
    return Heartbeat(engine, BEAT, rules, SteadyClock(), PagerMetrics(registry)), registry


async def _set_beat(engine: AsyncEngine, *, made_s_ago: float, took_s: float | None = None) -> None:
    async with transaction(engine) as connection:
        made_at = await SteadyClock().now(connection) - timedelta(seconds=made_s_ago)
        arrived_at = None if took_s is None else made_at + timedelta(seconds=took_s)
        beat = update(page_outbox).where(page_outbox.c.kind == "heartbeat")
        await connection.execute(beat.values(created_at=made_at, delivered_at=arrived_at))


async def test_two_pagers_prove_the_path_with_one_page(world: World) -> None:
    world.settings = world.settings.model_copy(update={"heartbeat": BEAT})

    async def arrived() -> bool | None:
        return [page.state for page in await texts(world.engine)] == ["delivered"] or None

    async with world.paging(pagers=2):
        await until(arrived)
    assert [entry.to for entry in world.carrier.accepted] == [VASCULAR]
    assert await _heartbeat(world.engine)[0].round() is PathState.PROVEN


async def test_one_that_does_not_arrive_is_told_once_and_cleared_by_the_next(engine: AsyncEngine) -> None:
    heartbeat, registry = _heartbeat(engine)
    assert await heartbeat.round() is PathState.UNKNOWN
    await _set_beat(engine, made_s_ago=61)
    assert [await heartbeat.round(), await heartbeat.round()] == [PathState.MISSED] * 2
    assert [notice.kind for notice in await notices(engine)] == ["heartbeat_missed"]
    assert sorted(text.kind for text in await texts(engine)) == ["desk", "heartbeat"]
    await _set_beat(engine, made_s_ago=30, took_s=2)
    assert await heartbeat.round() is PathState.PROVEN
    assert await notices(engine) == []
    age_s = registry.get_sample_value("codestroke_page_heartbeat_age_seconds")
    assert age_s == pytest.approx(30, abs=5)
