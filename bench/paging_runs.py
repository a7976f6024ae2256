"""Runs seeds of the paging harness, some at once, and reports what they came to.

Who calls it: ``bench.paging_faults`` and the tests.
"""

from __future__ import annotations

import asyncio
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from bench.paging_broken import Variant
from bench.paging_databases import Databases
from bench.paging_play import Played, Setting, play
from bench.paging_process import warm_context
from bench.paging_seeds import calm, draw
from bench.paging_verdict import Judged, judge
from bench.report import percentiles

SLOTS = 6
_SHOWN = 20
_LAG_S = 0.05


@dataclass
class Tally:
    """What the seeds came to."""

    judged: dict[int, Judged] = field(default_factory=dict)
    faults: Counter[str] = field(default_factory=Counter)
    kills: Counter[str] = field(default_factory=Counter)
    ended: Counter[str] = field(default_factory=Counter)
    accepted: int = 0
    webhook_seeds: int = 0
    crashes: int = 0
    slowest_s: float = 0.0

    def add(self, played: Played, judged: Judged) -> None:
        """Count a seed."""
        self.judged[played.scenario.seed] = judged
        self.faults += played.faults
        self.kills += played.deaths.kills
        self.ended += Counter(incident.state for incident in played.incidents)
        self.accepted += len(played.entries)
        self.webhook_seeds += played.scenario.webhook
        self.crashes += len(played.deaths.crashes)
        self.slowest_s = max(self.slowest_s, played.seconds)


class LoopLag:
    """How late this process was at worst: the carriers live in it, and a slow one would be a fault of the harness."""

    worst_s = 0.0

    async def watch(self) -> None:
        """Measure until cancelled."""
        while True:
            before = time.monotonic()
            await asyncio.sleep(_LAG_S)
            self.worst_s = max(self.worst_s, time.monotonic() - before - _LAG_S)


async def run(
    seeds: Sequence[int],
    postgres_url: str,
    *,
    variant: Variant = Variant.REAL,
    slots: int = SLOTS,
    logs: Path | None = None,
) -> dict[str, Any]:
    """Play the seeds, ``slots`` at once, and report."""
    started, tally, free = time.perf_counter(), Tally(), asyncio.Semaphore(slots)
    databases = await asyncio.to_thread(Databases, postgres_url)
    setting = Setting(context=await asyncio.to_thread(warm_context), variant=variant, logs=logs)

    async def one(seed: int) -> None:
        async with free, databases.one(seed) as store:
            played = await play(draw(seed), store, setting)
        tally.add(played, judge(played))

    lag = LoopLag()
    watching = asyncio.create_task(lag.watch())
    try:
        async with asyncio.TaskGroup() as group:
            for seed in seeds:
                group.create_task(one(seed))
        async with databases.one("calm") as store:
            two = judge(await play(calm(), store, setting)).first_page_s
    finally:
        watching.cancel()
        databases.drop()
    seconds = time.perf_counter() - started
    return report(tally, variant=variant, seconds=seconds) | {
        "two_lvos_s": [round(value, 3) for value in two],
        "worst_carrier_lag_s": round(lag.worst_s, 3),
    }


def report(tally: Tally, *, variant: Variant, seconds: float) -> dict[str, Any]:
    """The figures."""
    judged = tally.judged
    first = percentiles([value for each in judged.values() for value in each.first_page_s])
    lost = [f"seed {seed}: {words}" for seed, each in judged.items() for words in each.lost]
    doubled = [f"seed {seed}: {words}" for seed, each in judged.items() for words in each.doubled]
    unfinished = [f"seed {seed}: {words}" for seed, each in judged.items() for words in each.unfinished]
    return {
        "seeds": len(judged),
        "pager": str(variant),
        "pagers": 2,
        "lost": len(lost),
        "doubled": len(doubled),
        "possible_duplicates": sum(each.possible_duplicates for each in judged.values()),
        "ambiguous": sum(each.ambiguous for each in judged.values()),
        "unfinished": len(unfinished),
        "forged_accepted": tally.faults["forged_accepted"],
        "kills": tally.kills.total(),
        "killed_in": dict(sorted(tally.kills.items())),
        "crashes": tally.crashes,
        "faults": dict(sorted(tally.faults.items())),
        "accepted": tally.accepted,
        "incidents": dict(sorted(tally.ended.items())),
        "webhook_seeds": tally.webhook_seeds,
        "late_first_page_s": first,
        "found": [*lost, *doubled, *unfinished][:_SHOWN],
        "slowest_seed_s": round(tally.slowest_s, 1),
        "seconds": round(seconds, 1),
    }
