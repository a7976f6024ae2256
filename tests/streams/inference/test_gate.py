"""The gate: one at a time, the most urgent first."""

from __future__ import annotations

import asyncio
from datetime import timedelta

from schemas.priorities import Lane
from streams.inference.gate import Gate
from tests.fakes.clock import START


async def _hold(gate: Gate, name: str, lane: Lane, deadline_s: float, done: list[str]) -> None:
    async with gate.slot(lane, START + timedelta(seconds=deadline_s)):
        done.append(name)
        await asyncio.sleep(0)


async def test_urgent_passes_routine_and_the_nearer_deadline_passes_the_farther() -> None:
    gate = Gate()
    done: list[str] = []
    async with gate.slot(Lane.ROUTINE, START):
        waiting = [
            asyncio.create_task(_hold(gate, "routine-early", Lane.ROUTINE, 1, done)),
            asyncio.create_task(_hold(gate, "urgent-late", Lane.URGENT, 9, done)),
            asyncio.create_task(_hold(gate, "urgent-early", Lane.URGENT, 5, done)),
        ]
        await asyncio.sleep(0)
        assert gate.waiting == 3
    await asyncio.gather(*waiting)
    assert done == ["urgent-early", "urgent-late", "routine-early"]


async def test_only_one_holds_at_a_time() -> None:
    gate, inside, most = Gate(), 0, 0

    async def work() -> None:
        nonlocal inside, most
        async with gate.slot(Lane.ROUTINE, START):
            inside += 1
            most = max(most, inside)
            await asyncio.sleep(0)
            inside -= 1

    await asyncio.gather(*(work() for _ in range(20)))
    assert most == 1


async def test_a_waiting_task_that_is_cancelled_gives_its_place_up() -> None:
    gate = Gate()
    done: list[str] = []
    async with gate.slot(Lane.ROUTINE, START):
        given_up = asyncio.create_task(_hold(gate, "gone", Lane.URGENT, 1, done))
        stays = asyncio.create_task(_hold(gate, "stays", Lane.ROUTINE, 1, done))
        await asyncio.sleep(0)
        given_up.cancel()
    await stays
    assert done == ["stays"]
    async with asyncio.timeout(1), gate.slot(Lane.ROUTINE, START):
        pass


async def test_an_error_inside_opens_the_gate_again() -> None:
    gate = Gate()
    try:
        async with gate.slot(Lane.ROUTINE, START):
            raise ValueError
    except ValueError:
        pass
    async with asyncio.timeout(1), gate.slot(Lane.ROUTINE, START):
        pass
