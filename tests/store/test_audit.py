"""The audit log is one chain: a changed or deleted row is found."""

from __future__ import annotations

import asyncio

import pytest
from sqlalchemy import delete, update
from sqlalchemy.ext.asyncio import AsyncEngine

from store.audit import append, first_break, length
from store.engine import transaction
from store.tables import audit
from tests.fakes.clock import START

pytestmark = pytest.mark.integration


async def _write(engine: AsyncEngine, number: int) -> None:
    async with transaction(engine) as connection:
        detail = {"number": number, "score": 0.25}
        await append(connection, at=START, actor="decider", action="outcome_decided", case_id="c1", detail=detail)


async def _write_and_break(engine: AsyncEngine) -> None:
    async with transaction(engine) as connection:
        await append(connection, at=START, actor="decider", action="undone", case_id=None, detail={})
        raise ValueError("undone")


async def _break(engine: AsyncEngine) -> int | None:
    async with transaction(engine) as connection:
        return await first_break(connection)


async def test_rows_written_at_once_stand_in_one_chain(engine: AsyncEngine) -> None:
    await asyncio.gather(*(_write(engine, number) for number in range(8)))
    assert await _break(engine) is None
    async with transaction(engine) as connection:
        assert await length(connection) == 8


async def test_what_was_rolled_back_is_not_written_by_the_next_transaction(engine: AsyncEngine) -> None:
    with pytest.raises(ValueError, match="undone"):
        await _write_and_break(engine)
    await _write(engine, 1)
    async with transaction(engine) as connection:
        assert await length(connection) == 1
    assert await _break(engine) is None


async def test_one_who_appended_keeps_nobody_from_appending_until_it_commits(engine: AsyncEngine) -> None:
    async with transaction(engine) as slow:
        await append(slow, at=START, actor="decider", action="slow", case_id=None, detail={})
        async with asyncio.timeout(2):
            await _write(engine, 1)
    assert await _break(engine) is None


async def test_a_changed_row_is_found(engine: AsyncEngine) -> None:
    for number in range(3):
        await _write(engine, number)
    async with transaction(engine) as connection:
        await connection.execute(update(audit).where(audit.c.seq == 2).values(actor="nobody"))
    assert await _break(engine) == 2


async def test_a_deleted_row_is_found(engine: AsyncEngine) -> None:
    for number in range(3):
        await _write(engine, number)
    async with transaction(engine) as connection:
        await connection.execute(delete(audit).where(audit.c.seq == 2))
    assert await _break(engine) == 3


async def test_a_change_that_was_rolled_back_leaves_no_row(engine: AsyncEngine) -> None:
    with pytest.raises(ValueError, match="after all"):
        await _fail(engine)
    async with transaction(engine) as connection:
        assert await length(connection) == 0


async def _fail(engine: AsyncEngine) -> None:
    async with transaction(engine) as connection:
        await append(connection, at=START, actor="a", action="b", case_id=None, detail={})
        raise ValueError("after all")
