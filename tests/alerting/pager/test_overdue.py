"""A missed deadline: the ED desk is told once, the stroke phone never, and a late result takes it back."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy.ext.asyncio import AsyncEngine

from schemas.findings import Outcome
from store import desk
from store.engine import transaction
from tests.alerting.pager.deadlines import LONG_AGO, Failer, decide, notices, register, texts, watch
from tests.alerting.pager.harness import LVO, paging

pytestmark = pytest.mark.integration
BUDGET = timedelta(seconds=180)
SETTINGS = paging(desk=["vasc-1"])


async def test_the_desk_is_told_once_and_nobody_else(engine: AsyncEngine) -> None:
    case_id = await register(engine, age=LONG_AGO, budget=BUDGET)
    one, other = watch(engine, SETTINGS), watch(engine, SETTINGS)
    assert await one.round() == 1
    assert [await each.round() for each in (one, other)] == [0, 0]
    (notice,), (text,) = await notices(engine), await texts(engine)
    assert (notice.kind, notice.case_id) == ("result_overdue", case_id)
    assert (text.kind, text.recipient, text.incident_id) == ("desk", "vasc-1", None)
    assert "NOT AVAILABLE" in text.body


async def test_a_case_within_its_deadline_is_left_alone(engine: AsyncEngine) -> None:
    await register(engine, age=timedelta(seconds=10), budget=BUDGET)
    assert await watch(engine, SETTINGS).round() == 0
    assert await notices(engine) == []


async def test_a_pager_that_died_before_telling_is_made_good_for(engine: AsyncEngine) -> None:
    case_id = await register(engine, age=LONG_AGO, budget=BUDGET)
    await Failer(engine).fail_overdue(case_id, "stroke", datetime.now(UTC))
    await watch(engine, SETTINGS).round()
    assert [notice.case_id for notice in await notices(engine)] == [case_id]


async def test_what_a_person_cleared_stays_cleared(engine: AsyncEngine) -> None:
    await register(engine, age=LONG_AGO, budget=BUDGET)
    await watch(engine, SETTINGS).round()
    (notice,) = await notices(engine)
    async with transaction(engine) as connection:
        await desk.clear(connection, notice.notice_id, by="nurse", now=datetime.now(UTC))
    await watch(engine, SETTINGS).round()
    assert await notices(engine) == []
    assert len(await texts(engine)) == 1


@pytest.mark.parametrize(("late", "standing"), [(Outcome.scored(LVO), 0), (Outcome.failed("unreadable"), 1)])
async def test_only_a_late_result_takes_it_back(engine: AsyncEngine, late: Outcome, standing: int) -> None:
    case_id = await register(engine, age=LONG_AGO, budget=BUDGET)
    pager = watch(engine, SETTINGS)
    await pager.round()
    await decide(engine, case_id, late)
    await pager.round()
    assert len(await notices(engine)) == standing
