"""Kills, faults and callbacks of a hostile network: is a page ever lost, is anybody ever paged twice?

``python -m bench.paging_faults --seeds 300 --json`` plays that many seeds, some at once. Each has a database of its own
on one PostgreSQL, a carrier with faults, two real pager processes that are killed (SIGKILL) at await boundaries and
started again, and incidents for people who answer, decline, pass on or stay silent. The verdict comes from the
carrier's ledger. ``--pager`` takes a pager that is broken on purpose: then the harness must find losses or doubles.

Exit status 1 where anything was lost or doubled or did not end. Talks to loopback only and stops by itself.
"""

from __future__ import annotations

import argparse
import asyncio
import tempfile
import time
from collections import Counter
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from sqlalchemy import create_engine, text
from sqlalchemy.engine import Engine, make_url
from sqlalchemy.pool import NullPool

from bench.paging_broken import Variant
from bench.paging_play import Played, Setting, play
from bench.paging_process import log_to, warm_context
from bench.paging_seeds import draw
from bench.paging_verdict import Judged, judge
from bench.report import percentiles, show
from codestroke.services.stack import Part, Ports, Stack, StackConfig
from store import migrate
from store.engine import StoreSettings

_SLOTS = 6
_SHOWN = 20
_POOL = 2
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


class Databases:
    """Databases made from one migrated template."""

    def __init__(self, postgres_url: str, name: str = "paging") -> None:
        self._url = make_url(postgres_url)
        self._template = f"{name}_template"
        self._name = name
        self._admin: Engine = create_engine(postgres_url, isolation_level="AUTOCOMMIT", poolclass=NullPool)
        self._run(f"CREATE DATABASE {self._template}")
        migrate.upgrade(self._settings(self._template))

    @asynccontextmanager
    async def one(self, key: object) -> AsyncIterator[StoreSettings]:
        """A fresh database within the block."""
        name = f"{self._name}_{key}"
        await asyncio.to_thread(self._run, f"CREATE DATABASE {name} TEMPLATE {self._template}")
        try:
            yield self._settings(name)
        finally:
            await asyncio.to_thread(self._run, f"DROP DATABASE {name} WITH (FORCE)")

    def drop(self) -> None:
        """Drop the template."""
        self._run(f"DROP DATABASE {self._template} WITH (FORCE)")

    def _run(self, statement: str) -> None:
        with self._admin.connect() as connection:
            connection.execute(text(statement))

    def _settings(self, name: str) -> StoreSettings:
        url = self._url.set(database=name).render_as_string(hide_password=False)
        return StoreSettings.model_validate({"url": url, "pool_size": _POOL})


def main() -> int:
    """Parse the command line and run; return the exit status."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--json", action="store_true", help="print nothing but the JSON document")
    parser.add_argument("--seeds", type=int, default=300)
    parser.add_argument("--first", type=int, default=0, help="the first seed")
    parser.add_argument("--slots", type=int, default=_SLOTS, help="seeds played at once")
    parser.add_argument("--pager", type=Variant, choices=list(Variant), default=Variant.REAL)
    parser.add_argument("--logs", type=Path, help="write the pagers' logs of each seed into this folder")
    parser.add_argument("--cache", type=Path, default=Path.home() / ".cache" / "codestroke")
    options = parser.parse_args()
    log_to(options.logs / "carriers.log" if options.logs else None)
    seeds = range(options.first, options.first + options.seeds)
    with _postgres(options.cache) as url:
        report = asyncio.run(run(seeds, url, variant=options.pager, slots=options.slots, logs=options.logs))
    show(report, quiet=options.json)
    return 0 if not (report["lost"] or report["doubled"] or report["unfinished"]) else 1


@contextmanager
def _postgres(cache: Path) -> Iterator[str]:
    with tempfile.TemporaryDirectory(prefix="codestroke-paging-") as folder:
        stack = Stack(StackConfig(home=Path(folder) / "parts", cache=cache, ports=Ports()))
        try:
            yield stack.up([Part.POSTGRES]).postgres_url
        finally:
            stack.purge()


async def run(
    seeds: Sequence[int],
    postgres_url: str,
    *,
    variant: Variant = Variant.REAL,
    slots: int = _SLOTS,
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
    finally:
        watching.cancel()
        databases.drop()
    seconds = time.perf_counter() - started
    return report(tally, variant=variant, seconds=seconds) | {"worst_carrier_lag_s": round(lag.worst_s, 3)}


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


if __name__ == "__main__":
    raise SystemExit(main())
