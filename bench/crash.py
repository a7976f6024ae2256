"""Kills and restarts under load: is anything lost, is anybody paged twice, how long until all is well again?

``python -m bench.crash --json`` starts a whole codestroke, sends studies all the while, and kills (SIGKILL) router,
analysers, decider and pager, and restarts Kafka, PostgreSQL and Triton, at random instants. The verdict on pages comes
from the simulated carrier's own ledger. Talks to loopback only and stops by itself.
"""

from __future__ import annotations

import argparse
import asyncio
import random
import re
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from rich.console import Console

from bench.load import Load, Mix, prepare_mix
from bench.report import percentiles, show
from codestroke.demo import invariants
from codestroke.demo.account import Account, read_account
from codestroke.demo.cast import prompt_cast
from codestroke.demo.scene import Scene, SceneSettings, open_scene
from codestroke.services.stack import Part
from store.engine import open_engine

ROLES = ("router", "stroke", "chest", "decider", "pager")
_SETTLE_S = 300.0
_RECOVER_S = 90.0
_FIRST_PAGE = re.compile(r"-LVO0$")
_POLL_S = 0.2


@dataclass
class Blows:
    """What was killed, and how long each recovery took."""

    targets: list[str] = field(default_factory=list)
    recovery_s: list[float] = field(default_factory=list)
    unrecovered: list[str] = field(default_factory=list)


def main() -> None:
    """Parse the command line and run."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--json", action="store_true", help="print nothing but the JSON document")
    parser.add_argument("--kills", type=int, default=24)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--cache", type=Path, default=Path.home() / ".cache" / "codestroke")
    options = parser.parse_args()
    console = Console(stderr=True, quiet=options.json)
    with tempfile.TemporaryDirectory(prefix="codestroke-crash-") as folder:
        report = run(Path(folder), options.cache, kills=options.kills, seed=options.seed, console=console)
    show(report, quiet=options.json)


def run(folder: Path, cache: Path, *, kills: int, seed: int, console: Console) -> dict[str, Any]:
    """Run the whole benchmark."""
    mix = prepare_mix(folder / "studies", seed=seed)
    # Deadlines are not what is measured here: a case must survive every blow, so it may take its time.
    patience = tuple((f"CODESTROKE_WORKER__BUDGETS_S__{name.upper()}", "600") for name in ("stroke", "aorta", "chest"))
    settings = SceneSettings(home=folder / "scene", cache=cache, small=False, cast=prompt_cast(2.0), extra=patience)
    with open_scene(settings, console) as scene:
        load = Load(mix, scene.plan.gateway_port, seed=seed)
        with load:
            blows = strike(scene, kills=kills, rng=random.Random(seed), console=console)
        account = asyncio.run(_settled(scene, load))
    return judge(account, load, blows)


def strike(scene: Scene, *, kills: int, rng: random.Random, console: Console) -> Blows:
    """Kill one thing after the other, each time waiting for recovery and a random while more."""
    blows = Blows()
    order: list[str] = []
    while len(order) < kills:
        round_ = [*ROLES, *Part]
        rng.shuffle(round_)
        order += round_
    for target in order[:kills]:
        time.sleep(rng.uniform(0.2, 3.0))
        console.print(f"kill {len(blows.targets) + 1}/{kills}: {target}")
        blows.targets.append(str(target))
        started = time.monotonic()
        _kill(scene, target)
        if _await_recovery(scene, started + _RECOVER_S):
            blows.recovery_s.append(time.monotonic() - started)
        else:
            blows.unrecovered.append(target)
    return blows


def judge(account: Account, load: Load, blows: Blows) -> dict[str, Any]:
    """The figures."""
    paged = [page for case in account.cases for page in case.pages]
    expected = sum(kind == Mix.OCCLUSION for kind in load.sent.values())
    first = _FIRST_PAGE.search
    accepted = len({entry["reference"] for entry in account.ledger_entries if first(entry["reference"])})
    return {
        "lost": invariants.lost(account, load.sent) + max(0, expected - accepted),
        "doubled": invariants.doubled(account),
        "possible_duplicates": sum(page.possible_duplicate for page in paged),
        "kills": len(blows.targets),
        "killed": {name: blows.targets.count(name) for name in sorted(set(blows.targets))},
        "recovery_s": {key: value for key, value in percentiles(blows.recovery_s).items() if key in ("p50", "max")},
        "unrecovered": blows.unrecovered,
        "studies_sent": len(load.sent),
        "occlusions_sent": expected,
        "pages_accepted_by_carrier": accepted,
        "refused_by_gateway": load.refused,
        "invariants_broken": invariants.broken(account, load.sent),
        "audit_rows": account.audit_rows,
        "failed_outcomes": _failures(account),
    }


def _failures(account: Account) -> Sequence[str]:
    outcomes = (item.outcome for case in account.cases for item in case.pathways)
    return sorted({outcome.reason for outcome in outcomes if outcome is not None and outcome.kind == "failed"})


def _kill(scene: Scene, target: str) -> None:
    if target in tuple(Part):
        scene.stack.kill(Part(target))
    else:
        scene.fleet.kill(target)


def _await_recovery(scene: Scene, deadline: float) -> bool:
    time.sleep(_POLL_S)
    while time.monotonic() < deadline:
        if all(part.ready for part in scene.stack.status()) and all(state.ready for state in scene.fleet.states()):
            return True
        time.sleep(_POLL_S)
    return False


async def _settled(scene: Scene, load: Load) -> Account:
    """The account once every case has its outcomes and every page its acceptance, or after the patience ends."""
    engine = open_engine(scene.store())
    deadline = time.monotonic() + _SETTLE_S
    try:
        while True:
            account = await read_account(engine, datetime.now(UTC), scene.carrier_ledger())
            if _is_settled(account, load) or time.monotonic() > deadline:
                return account
            await asyncio.sleep(1.0)
    finally:
        await engine.dispose()


def _is_settled(account: Account, load: Load) -> bool:
    if invariants.lost_studies(account, load.sent):
        return False
    open_pathways = any(item.eligible and item.outcome is None for case in account.cases for item in case.pathways)
    return not open_pathways and not invariants.lost_pages(account)


if __name__ == "__main__":
    main()
