"""The demonstration itself: prepare, play the shift, wait for the end, judge, and say it in one document."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.progress import Progress

from codestroke.demo import invariants
from codestroke.demo.account import Account, CaseAccount, IncidentAccount, PageAccount, attributed, read_account
from codestroke.demo.climbing import incident_row
from codestroke.demo.expectations import unmet
from codestroke.demo.scene import Scene
from simulator.play import Sent, play
from simulator.sender import Door
from simulator.shift import Shift, prepare
from store.engine import open_engine

_PATIENCE_S = 240.0
_POLL_S = 0.5
Tell = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Played:
    """What a played shift left behind."""

    shift: Shift
    sent: Sequence[Sent]
    account: Account
    roles_up_at: datetime


def render_studies(shift: Shift, folder: Path, console: Console) -> Mapping[str, Path]:
    """Render the studies of the shift with a progress bar; nothing is rendered twice."""
    with Progress(console=console, transient=True) as progress:
        bar = progress.add_task("synthetic studies", total=len(shift.arrivals))
        return prepare(shift, folder, done=lambda _: progress.advance(bar))


def play_shift(scene: Scene, shift: Shift, folders: Mapping[str, Path], *, stop: threading.Event, tell: Tell) -> Played:
    """Play the shift and wait until every case has ended and every page is answered."""
    up_at = datetime.now(UTC)
    door = Door("127.0.0.1", scene.plan.gateway_port)
    with ThreadPoolExecutor(1) as pool:
        playing = pool.submit(play, shift, folders, door, stop=stop, told=lambda item: tell(_sent(item)))
        account = asyncio.run(_watch(scene, shift, playing, stop=stop, tell=tell))
    return Played(shift, playing.result(), account, up_at)


def document(played: Played, scene: Scene, *, logs: Sequence[str]) -> dict[str, Any]:
    """The JSON document of ``codestroke demo --json``."""
    account, uids = played.account, [item.arrival.order.study_uid for item in played.sent]
    broken = invariants.broken(account, uids) + unmet(played.shift, account)
    texts = [*(entry["body"] for entry in account.ledger_entries), *logs]
    broken += [f"patient data outside the store: {hit}" for hit in invariants.canaries_in(texts, played.shift.canaries)]
    accepted = [page.accepted_at for case in account.cases for page in case.pages if page.accepted_at]
    shares = [share for case in account.cases for share in attributed(case)]
    return {
        "lost": invariants.lost(account, uids),
        "doubled": invariants.doubled(account),
        "invariants_broken": broken,
        "first_page_accepted_s": _since(played.roles_up_at, min(accepted, default=None)),
        "roles_up_s": round(scene.roles_up_s, 2),
        "ledger_attributed_min": round(min(shares, default=0.0), 4),
        "audit_rows": account.audit_rows,
        "memory_mb": round(scene.fleet.rss_mb()),
        "cases": [row for case in account.cases for row in _rows(case, _names(played))],
        "pages": [_page(page, case) for case in account.cases for page in case.pages],
        "incidents": [incident_row(item, case) for case in account.cases for item in case.incidents],
    }


async def _watch(
    scene: Scene, shift: Shift, playing: Future[list[Sent]], *, stop: threading.Event, tell: Tell
) -> Account:
    engine, known = open_engine(scene.store()), set[str]()
    deadline = time.monotonic() + _PATIENCE_S
    try:
        while True:
            account = await read_account(engine, datetime.now(UTC), await asyncio.to_thread(scene.carrier_ledger))
            for line in _news(account, known):
                tell(line)
            over = _ended(account, shift) or stop.is_set() or time.monotonic() > deadline
            if playing.done() and over:
                return account
            await asyncio.sleep(_POLL_S)
    finally:
        await engine.dispose()


def _ended(account: Account, shift: Shift) -> bool:
    if len(account.cases) < len(shift.arrivals):
        return False
    return all(_case_ended(case) for case in account.cases)


def _sent(item: Sent) -> str:
    return f"sent       {item.arrival.name} ({item.report.stored} instances in {item.seconds:.1f} s)"


def _case_ended(case: CaseAccount) -> bool:
    owed = [item for item in case.pathways if item.eligible] or list(case.pathways)
    return all(item.outcome for item in owed) and all(item.state != "open" for item in case.incidents)


def _news(account: Account, known: set[str]) -> list[str]:
    lines = []
    for case in sorted(account.cases, key=lambda item: item.rank or 0):
        said = {f"{case.reference}/{case.state}": f"rank {case.rank:<5} {case.reference}  {case.rank_reason}"}
        for page in case.pages:
            if page.accepted_at:
                how = "called" if page.channel == "voice" else "paged"
                said[f"{page.page_id}/accepted"] = f"{how:<10} {page.recipient} (step {page.step}): {page.body}"
        for item in case.incidents:
            if item.state != "open":
                said[f"{item.incident_id}/{item.state}"] = f"ended      {_ending(item, case)}"
        lines += [text for key, text in said.items() if key not in known and case.state != "received"]
        known |= set(said) if case.state != "received" else set()
    return lines


def _ending(item: IncidentAccount, case: CaseAccount) -> str:
    if item.state != "acknowledged":
        return f"{case.reference} is {item.state}"
    return f"{item.acknowledged_by} takes {case.reference} by {item.acknowledged_how}"


def _names(played: Played) -> dict[str, str]:
    return {item.arrival.order.study_uid: item.arrival.name for item in played.sent}


def _rows(case: CaseAccount, names: Mapping[str, str]) -> list[dict[str, Any]]:
    shown = [item for item in case.pathways if item.eligible] or list(case.pathways)
    return [
        {
            "case_id": case.case_id,
            "study": names.get(case.study_uid, ""),
            "reference": case.reference,
            "pathway": item.pathway,
            "outcome": item.outcome.kind if item.outcome else None,
            "finding": item.outcome.finding.state if item.outcome and item.outcome.finding else None,
            "reason": item.outcome.reason if item.outcome else "",
            "rank": case.rank,
            "rank_reason": case.rank_reason,
            "state": case.state,
            "last_slice_to_rank_s": _since(case.arrived_at, item.decided_at),
        }
        for item in shown
    ]


def _page(page: PageAccount, case: CaseAccount) -> dict[str, Any]:
    return {
        "case_id": case.case_id,
        "reference": case.reference,
        "pathway": page.pathway,
        "recipient": page.recipient,
        "state": page.state,
        "accepted_s": _since(page.created_at, page.accepted_at),
        "last_slice_to_accepted_s": _since(case.arrived_at, page.accepted_at),
        "acknowledged_s": _since(page.created_at, page.acknowledged_at),
    }


def _since(start: datetime, end: datetime | None) -> float | None:
    return None if end is None else round((end - start).total_seconds(), 3)
