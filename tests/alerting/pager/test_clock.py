"""Paging goes on as the monotonic clock says, whatever is done to the wall clock, and whoever starts again."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import update
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from alerting.pager.clock import SteadyClock
from store import steady
from store.engine import transaction
from store.steady import Kept
from store.tables import pager_clock

pytestmark = pytest.mark.integration
SLACK = timedelta(seconds=1.5)
HOUR = timedelta(hours=1)


class Wall:
    """PostgreSQL's wall clock with steps of the test's own."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.set_by = timedelta()
        self._read = steady.read
        monkeypatch.setattr(steady, "read", self.read)

    async def read(self, connection: AsyncConnection) -> tuple[datetime, Kept]:
        wall, kept = await self._read(connection)
        return wall + self.set_by, kept


@pytest.fixture
def wall(monkeypatch: pytest.MonkeyPatch) -> Wall:
    return Wall(monkeypatch)


@pytest.fixture
async def connection(engine: AsyncEngine) -> AsyncIterator[AsyncConnection]:
    async with transaction(engine) as opened:
        yield opened


def _near(reading: datetime) -> bool:
    return abs(reading - datetime.now(UTC)) < SLACK


@pytest.mark.parametrize("step", [HOUR, -HOUR, timedelta(seconds=2), timedelta(seconds=-2)])
async def test_a_step_of_the_wall_clock_is_not_followed(
    connection: AsyncConnection, wall: Wall, step: timedelta
) -> None:
    clock = SteadyClock()
    assert _near(await clock.now(connection))
    wall.set_by = step
    assert _near(await clock.now(connection))
    assert _near(await clock.now(connection))
    assert clock.steps == 1


async def test_a_small_correction_is_followed(connection: AsyncConnection, wall: Wall) -> None:
    clock = SteadyClock()
    await clock.now(connection)
    wall.set_by = timedelta(seconds=0.2)
    await clock.now(connection)
    assert clock.steps == 0


@pytest.mark.parametrize("step", [HOUR, -HOUR])
async def test_a_second_pager_has_the_time_of_the_first(
    connection: AsyncConnection, wall: Wall, step: timedelta
) -> None:
    first, second = SteadyClock(), SteadyClock()
    await first.now(connection), await second.now(connection)
    wall.set_by = step
    assert _near(await first.now(connection))
    assert _near(await second.now(connection))
    assert (first.steps, second.steps) == (1, 0)


@pytest.mark.parametrize("step", [HOUR, -HOUR])
async def test_a_pager_that_starts_again_goes_on_where_it_was(
    connection: AsyncConnection, wall: Wall, step: timedelta
) -> None:
    await SteadyClock().now(connection)
    wall.set_by = step  # while no pager runs
    again = SteadyClock()
    assert _near(await again.now(connection))
    assert again.steps == 1


async def test_on_another_machine_time_at_least_never_goes_back(connection: AsyncConnection, wall: Wall) -> None:
    await SteadyClock().now(connection)
    await connection.execute(update(pager_clock).values(boot_id="of another machine"))
    wall.set_by = -HOUR
    assert _near(await SteadyClock().now(connection))


async def test_the_wall_clock_is_taken_over_when_nothing_is_under_way(connection: AsyncConnection, wall: Wall) -> None:
    clock, other = SteadyClock(), SteadyClock()
    await clock.now(connection), await other.now(connection)
    wall.set_by = HOUR
    await clock.now(connection)
    assert await clock.settle(connection)
    assert abs(await clock.now(connection) - HOUR - datetime.now(UTC)) < SLACK
    assert abs(await other.now(connection) - HOUR - datetime.now(UTC)) < SLACK
