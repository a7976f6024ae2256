"""kill -9 of a pager around the request: another pager neither loses nor doubles the page."""

from __future__ import annotations

import asyncio
import signal
import sys

import pytest

from simulator.carrier.ledger import verdict
from tests.alerting.pager.harness import NEUROLOGIST, World

pytestmark = pytest.mark.integration


@pytest.mark.parametrize(("phase", "accepted_then"), [("before_send", 0), ("after_send", 1)])
async def test_a_killed_pager_neither_loses_nor_doubles(world: World, phase: str, accepted_then: int) -> None:
    incident_id, reference = await world.open()
    victim = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "tests.alerting.pager.killed_pager",
        world.store.url.get_secret_value(), world.carrier.url, phase,
    )  # fmt: skip
    assert await asyncio.wait_for(victim.wait(), timeout=30) == -signal.SIGKILL
    assert len(world.carrier.accepted) == accepted_then
    async with world.paging():
        page = await world.page_reaches(incident_id, "delivered", within_s=15)
    judged = verdict(world.carrier.accepted, [(NEUROLOGIST, f"#{reference}-LVO0")])
    assert (judged.lost, judged.doubled) == ((), 0)
    assert page.tries == 2 - accepted_then
