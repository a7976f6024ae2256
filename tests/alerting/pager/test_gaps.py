"""A gap of the rota is shown while it is there, for the team that has it, and nobody is texted."""

from __future__ import annotations

from datetime import datetime

import pytest
from sqlalchemy.ext.asyncio import AsyncEngine

from alerting.core.rota import Gap
from alerting.pager.clock import SteadyClock
from alerting.pager.gaps import GapWatch
from alerting.pager.rules import Rules
from alerting.roster import StaticRoster
from tests.alerting.pager.deadlines import notices, texts
from tests.alerting.pager.harness import paging

pytestmark = pytest.mark.integration


async def test_a_gap_is_shown_until_it_is_filled(engine: AsyncEngine) -> None:
    settings, open_teams = paging(desk=["neuro-1"]), ["vascular"]
    rules = Rules(settings, StaticRoster(settings))

    def gaps(start: datetime, end: datetime) -> list[Gap]:
        return [Gap(team, 1, start, end) for team in open_teams]

    watch = GapWatch(engine, gaps, rules, SteadyClock())
    assert [await watch.round(), await watch.round()] == [1, 1]
    (notice,) = await notices(engine)
    assert (notice.kind, "vascular" in notice.text) == ("rota_gap", True)
    assert await texts(engine) == []
    open_teams.clear()
    assert await watch.round() == 0
    assert await notices(engine) == []
