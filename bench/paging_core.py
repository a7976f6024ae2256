"""Does every incident end, and is every step taken when the policy says? Seeded histories over the pure core.

``python -m bench.paging_core --histories 10000 --json`` plays ``tests.paging.histories``: random policies, people and
rotas, failing pages, restarts and clock steps, each until nothing can happen any more. When a step had to be taken, and
whom it had to reach, says ``tests.paging.oracle``, which calls nothing of ``alerting.core.escalation``.

``worst_step_error_s`` is over every step whose instant met no other clock. A pager that is restarted has the wall
clock's time; where that was set meanwhile, the pending step is early or late by as much, and is reported apart.
"""

from __future__ import annotations

import argparse
import time
from collections import Counter
from dataclasses import dataclass, field
from typing import Any

from alerting.core.incidents import IncidentState
from bench.report import show
from tests.paging.histories import History, Story, Taken
from tests.paging.invariants import Broken
from tests.paging.worlds import random_world

_FINISHED = frozenset({IncidentState.ACKNOWLEDGED, IncidentState.DECLINED, IncidentState.EXHAUSTED})
_CALLED_OFF = frozenset({IncidentState.MUTED, IncidentState.SILENCED})
_SHOWN = 20


@dataclass
class Tally:
    """What the histories came to."""

    ended: Counter[str] = field(default_factory=Counter)
    broken: list[str] = field(default_factory=list)
    on_time: list[Taken] = field(default_factory=list)
    clock_moved: list[Taken] = field(default_factory=list)
    alarms: int = 0
    pages: int = 0

    def add(self, story: Story) -> None:
        """Count a history."""
        self.ended[str(story.state)] += 1
        self.alarms += story.alarms
        self.pages += story.pages
        for step in story.steps:
            (self.clock_moved if step.clock_moved else self.on_time).append(step)


def main() -> None:
    """Parse the command line and run."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--json", action="store_true", help="print nothing but the JSON document")
    parser.add_argument("--histories", type=int, default=10_000)
    parser.add_argument("--seed", type=int, default=0, help="the first seed")
    options = parser.parse_args()
    show(run(options.histories, first=options.seed), quiet=options.json)


def run(histories: int, *, first: int = 0) -> dict[str, Any]:
    """Play the histories of so many seeds and report."""
    started, tally = time.perf_counter(), Tally()
    for seed in range(first, first + histories):
        try:
            tally.add(History(random_world(seed)).run())
        except Broken as error:
            tally.broken.append(f"seed {seed}: {error}")
    return _report(tally, first=first, histories=histories, seconds=time.perf_counter() - started)


def _report(tally: Tally, *, first: int, histories: int, seconds: float) -> dict[str, Any]:
    finished = sum(tally.ended[state] for state in _FINISHED)
    called_off = sum(tally.ended[state] for state in _CALLED_OFF)
    moved = [step.late_ms for step in tally.clock_moved]
    return {
        "histories": histories,
        "unfinished": histories - finished - called_off,
        "ended": dict(sorted(tally.ended.items())),
        "worst_step_error_s": _worst_s([abs(step.late_ms) for step in tally.on_time]),
        "steps": len(tally.on_time),
        "steps_across_clock_change": len(moved),
        "worst_early_across_clock_change_s": _worst_s([-late for late in moved]),
        "worst_late_across_clock_change_s": _worst_s(moved),
        "alarms": tally.alarms,
        "pages": tally.pages,
        "broken": len(tally.broken),
        "first_broken": tally.broken[:_SHOWN],
        "seeds": [first, first + histories - 1],
        "seconds": round(seconds, 2),
    }


def _worst_s(values_ms: list[int]) -> float:
    return max([0, *values_ms]) / 1000


if __name__ == "__main__":
    main()
