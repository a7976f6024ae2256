"""The register: idempotent, amended by newer revisions only, a human's priority never lowered."""

from __future__ import annotations

import asyncio
from datetime import timedelta

import pytest
from sqlalchemy.ext.asyncio import AsyncEngine

from schemas.events import StudyArrived
from schemas.ids import case_id_of, study_uid
from schemas.priorities import Lane, Priority
from store.cases import Case, PathwayPlan, count, plan, plans_of, register
from store.engine import transaction
from tests.fakes.clock import START
from tests.fakes.studies import UID, study

pytestmark = pytest.mark.integration

CASE = case_id_of(b"k" * 16, study_uid(UID))


async def _register(engine: AsyncEngine, given: StudyArrived) -> tuple[Case, bool]:
    async with transaction(engine) as connection:
        case_id = case_id_of(b"k" * 16, study_uid(given.study_uid))
        return await register(connection, case_id=case_id, study=given, traceparent="t", now=START)


async def test_a_study_is_registered_once(engine: AsyncEngine) -> None:
    first = await _register(engine, study())
    again = await _register(engine, study())
    assert (first[1], again[1]) == (True, False)
    assert first[0].reference == again[0].reference


async def test_two_routers_at_once_register_one_case(engine: AsyncEngine) -> None:
    results = await asyncio.gather(*(_register(engine, study()) for _ in range(4)))
    assert sum(changed for _, changed in results) == 1
    async with transaction(engine) as connection:
        assert await count(connection) == 1


async def test_an_older_revision_changes_nothing(engine: AsyncEngine) -> None:
    await _register(engine, study(revision=3))
    case, changed = await _register(engine, study(revision=2))
    assert (case.revision, changed) == (3, False)


async def test_an_amendment_keeps_the_more_urgent_human_priority_and_the_arrival(engine: AsyncEngine) -> None:
    await _register(engine, study(priority=Priority.STAT))
    later = study(priority=Priority.ROUTINE, revision=2, arrived_at=START + timedelta(minutes=5))
    case, changed = await _register(engine, later)
    assert (case.priority, case.arrived_at, changed) == (Priority.STAT, START, True)


async def test_every_open_case_has_a_code_of_its_own(engine: AsyncEngine) -> None:
    cases = [(await _register(engine, study(f"1.2.3.{number}")))[0] for number in range(50)]
    assert len({case.reference for case in cases}) == 50


async def test_a_newer_plan_replaces_an_older_one(engine: AsyncEngine) -> None:
    case, _ = await _register(engine, study())
    deadline = START + timedelta(seconds=60)
    async with transaction(engine) as connection:
        for eligible in (True, False):
            item = PathwayPlan(pathway="stroke", eligible=eligible, lane=Lane.URGENT, reason="r", deadline=deadline)
            await plan(connection, case, [item], now=START)
        assert [item.eligible for item in await plans_of(connection, CASE)] == [True]
    amended, _ = await _register(engine, study(revision=2))
    async with transaction(engine) as connection:
        item = PathwayPlan(pathway="stroke", eligible=False, lane=Lane.URGENT, reason="r", deadline=deadline)
        await plan(connection, amended, [item], now=START)
        assert [item.eligible for item in await plans_of(connection, CASE)] == [False]
