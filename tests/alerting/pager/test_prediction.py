"""A case that will probably be late is shown to the ED desk, never paged, and the notice goes with the result."""

from __future__ import annotations

from datetime import timedelta

import pytest
from prometheus_client import CollectorRegistry
from sqlalchemy.ext.asyncio import AsyncEngine

from alerting.core.prediction import ENOUGH
from alerting.pager.clock import SteadyClock
from alerting.pager.metrics import PagerMetrics
from alerting.pager.prediction import PredictionWatch
from alerting.pager.rules import Rules
from alerting.roster import StaticRoster
from schemas.findings import Outcome
from schemas.ids import CaseId
from tests.alerting.pager.deadlines import decide, notices, register, texts
from tests.alerting.pager.harness import LVO, paging

pytestmark = pytest.mark.integration
BUDGET = timedelta(seconds=180)


def _watch(engine: AsyncEngine) -> PredictionWatch:
    settings = paging(desk=["vasc-1"])
    rules = Rules(settings, StaticRoster(settings))
    return PredictionWatch(engine, rules, SteadyClock(), PagerMetrics(CollectorRegistry()))


async def _aged(engine: AsyncEngine, seconds: float) -> CaseId:
    return await register(engine, age=timedelta(seconds=seconds), budget=BUDGET)


async def test_little_time_left_is_shown_once_and_nobody_is_paged(engine: AsyncEngine) -> None:
    case_id, _ = await _aged(engine, 160), await _aged(engine, 20)
    watch = _watch(engine)
    assert [await watch.round(), await watch.round()] == [1, 0]
    assert [(notice.kind, notice.case_id) for notice in await notices(engine)] == [("result_late", case_id)]
    assert await texts(engine) == []


async def test_history_tells_earlier(engine: AsyncEngine) -> None:
    for _ in range(ENOUGH):
        await decide(engine, await _aged(engine, 190), Outcome.failed("deadline"))
    await _aged(engine, 20)
    assert await _watch(engine).round() == 1


async def test_the_notice_goes_when_the_result_comes(engine: AsyncEngine) -> None:
    case_id, watch = await _aged(engine, 160), _watch(engine)
    await watch.round()
    await decide(engine, case_id, Outcome.scored(LVO))
    await watch.round()
    assert await notices(engine) == []
