"""From the last slice to the accepted page, through the whole running system.

``python -m bench.pipeline --json`` starts every part and role, sends a 400-slice CTA with an occlusion several times,
alone and behind 500 routine films, and prints where the time went. ``last_slice_to_page_s`` counts from the moment when
the last slice was durable at the gateway until the carrier accepted the page. ``platform_overhead_s`` is the same
without fetching and without the model's own computing. Talks to loopback only.
"""

from __future__ import annotations

import argparse
import asyncio
import tempfile
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from rich.console import Console
from sqlalchemy.ext.asyncio import AsyncEngine

from bench.burst import arrive
from bench.hops import hop_ms
from bench.report import percentiles, show
from bench.studies import Copy, copies, load
from codestroke.demo.account import CaseAccount, PathwayAccount, count_outcomes, read_case, whole_ledger
from codestroke.demo.scene import Scene, SceneSettings, open_scene
from schemas.findings import Side
from schemas.ledger import Stage, attributed_share, seconds_by_stage
from simulator.render import Order
from simulator.sender import Door, send
from simulator.shift import write
from simulator.specs import ChestFilm, HeadCt, Size
from store.engine import open_engine
from triton_models.phantoms.occlusion import Segment

_NOT_PLATFORM = (Stage.FETCH, Stage.INFER)
_PATIENCE_S = 120.0
_POLL_S = 0.1


def main() -> None:
    """Parse the command line and run."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--json", action="store_true", help="print nothing but the JSON document")
    parser.add_argument("--repeats", type=int, default=12, help="occlusions sent alone")
    parser.add_argument("--routine", type=int, default=500, help="routine films ahead of the urgent case")
    parser.add_argument("--behind", type=int, default=3, help="occlusions sent behind the routine films")
    parser.add_argument("--cache", type=Path, default=Path.home() / ".cache" / "codestroke")
    options = parser.parse_args()
    console = Console(stderr=True, quiet=options.json)
    with tempfile.TemporaryDirectory(prefix="codestroke-pipeline-") as folder:
        report = run(Path(folder), options, console)
    show(report, quiet=options.json)


def run(folder: Path, options: argparse.Namespace, console: Console) -> dict[str, Any]:
    """Run the whole benchmark."""
    head = HeadCt(occlusion=Segment.ICA_T, side=Side.LEFT, size=Size.FULL)
    heads = copies(load(write(Order(seed=1, number=1, spec=head), folder / "head")), seed=1)
    films = copies(load(write(Order(seed=1, number=2, spec=ChestFilm(rows=512)), folder / "film")), seed=2)
    settings = SceneSettings(home=folder / "scene", cache=options.cache)
    with open_scene(settings, console) as scene:
        hops = asyncio.run(hop_ms(scene.kafka(), folder / "hops"))
        engine = open_engine(scene.store())
        idle = asyncio.run(_alone(scene, engine, heads, repeats=options.repeats, console=console))
        behind, waiting = asyncio.run(_behind(scene, engine, heads, films, options=options, console=console))
    return figures(idle, behind, hops) | {"routine_sent": options.routine, "routine_waiting_when_urgent_came": waiting}


def figures(idle: Sequence[CaseAccount], behind: Sequence[CaseAccount], hops: dict[str, float]) -> dict[str, Any]:
    """The figures of the document."""
    alone, late = [_last_slice_to_page(case) for case in idle], [_last_slice_to_page(case) for case in behind]
    stages = [_stages(case) for case in idle]
    idle_p50 = percentiles(alone)["p50"]
    return {
        "last_slice_to_page_s": percentiles(alone),
        "platform_overhead_s": percentiles(
            [sum(v for k, v in item.items() if k not in _NOT_PLATFORM) for item in stages]
        ),
        "urgent_idle_s": idle_p50,
        "urgent_behind_500_routine_s": max(late),
        "urgent_behind_stages_s": _spans(max(behind, key=_last_slice_to_page)),
        "urgent_behind_500_routine_delay_s": round(max(late) - idle_p50, 3),
        "hop_ms": hops,
        "stages_p50_s": {
            str(stage): percentiles([item.get(stage, 0.0) for item in stages])["p50"]
            for stage in Stage
            if any(stage in item for item in stages)
        },
        "ledger_attributed_min": round(min(_attributed(case) for case in (*idle, *behind)), 4),
        "slices": 400,
        "repeats": len(idle),
    }


async def _alone(
    scene: Scene, engine: AsyncEngine, heads: Iterator[Copy], *, repeats: int, console: Console
) -> list[CaseAccount]:
    found = []
    for number in range(repeats + 1):  # the first one warms caches and is not counted
        found.append(await _one(scene, engine, next(heads)))
        console.print(f"occlusion {number}: page accepted after {_last_slice_to_page(found[-1]):.2f} s")
    return found[1:]


async def _behind(
    scene: Scene,
    engine: AsyncEngine,
    heads: Iterator[Copy],
    films: Iterator[Copy],
    *,
    options: argparse.Namespace,
    console: Console,
) -> tuple[list[CaseAccount], list[int]]:
    await asyncio.to_thread(arrive, films, options.routine, spool=scene.plan.home / "spool", kafka=scene.kafka())
    found, waiting = list[CaseAccount](), list[int]()
    for _ in range(options.behind):
        waiting.append(options.routine - await count_outcomes(engine, "chest"))
        found.append(await _one(scene, engine, next(heads)))
        taken = _last_slice_to_page(found[-1])
        console.print(f"occlusion behind {waiting[-1]} waiting films: page accepted after {taken:.2f} s")
    return found, waiting


async def _one(scene: Scene, engine: AsyncEngine, copy: Copy) -> CaseAccount:
    await asyncio.to_thread(send, copy.datasets, Door("127.0.0.1", scene.plan.gateway_port))
    deadline = time.monotonic() + _PATIENCE_S
    while time.monotonic() < deadline:
        case = await read_case(engine, copy.study_uid)
        if case is not None and any(page.accepted_at for page in case.pages):
            return case
        await asyncio.sleep(_POLL_S)
    raise TimeoutError("no page was accepted for an occlusion")


def _stroke(case: CaseAccount) -> PathwayAccount:
    return next(item for item in case.pathways if item.pathway == "stroke")


def _last_slice_to_page(case: CaseAccount) -> float:
    accepted = min(page.accepted_at for page in case.pages if page.accepted_at)
    return (accepted - case.arrived_at).total_seconds()


def _stages(case: CaseAccount) -> dict[Stage, float]:
    ledger, _ = whole_ledger(case, _stroke(case))
    return seconds_by_stage(ledger)


def _spans(case: CaseAccount) -> list[tuple[str, float]]:
    ledger, _ = whole_ledger(case, _stroke(case))
    return [(str(span.stage), round(span.seconds, 3)) for span in ledger]


def _attributed(case: CaseAccount) -> float:
    ledger, end = whole_ledger(case, _stroke(case))
    return attributed_share(ledger, case.arrived_at, end or case.arrived_at)


if __name__ == "__main__":
    main()
