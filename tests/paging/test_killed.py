"""Real pager processes between kills and faults: the pager loses and doubles nothing, broken ones are seen to."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator

import psutil
import pytest

from bench.paging_broken import Variant
from bench.paging_databases import Databases
from bench.paging_play import Setting, account_of, open_incident, play
from bench.paging_process import Life, begin, warm_context
from bench.paging_runs import run
from bench.paging_seeds import KillPoint, calm
from bench.paging_verdict import Judged, judge
from codestroke.services.stack import Endpoints
from simulator.carrier.carrier import Carrier
from simulator.carrier.settings import Fault
from store.engine import open_engine, transaction
from store.incidents import find
from tests.alerting.pager.harness import until
from tests.paging.killing import one_fault

pytestmark = pytest.mark.integration
_SEEDS = (104, 117, 203, 211)


@pytest.fixture(scope="module")
def databases(postgres: Endpoints) -> Iterator[Databases]:
    made = Databases(postgres.postgres_url, "killed")
    yield made
    made.drop()


async def _judged(databases: Databases, variant: Variant, *scenarios: tuple[Fault, float]) -> list[Judged]:
    """Play scenarios of one fault at once."""
    setting = Setting(context=await asyncio.to_thread(warm_context), variant=variant)

    async def one(index: int, fault: Fault, list_lag_s: float) -> Judged:
        async with databases.one(f"{variant.name.lower()}_{index}") as store:
            return judge(await play(one_fault(fault, list_lag_s=list_lag_s), store, setting))

    return await asyncio.gather(*(one(index, *each) for index, each in enumerate(scenarios)))


async def test_killed_pagers_neither_lose_nor_double(postgres: Endpoints) -> None:
    report = await run(_SEEDS, postgres.postgres_url, slots=4)
    assert (report["lost"], report["doubled"], report["unfinished"]) == (0, 0, 0), report["found"]
    assert report["kills"] >= 3
    assert report["crashes"] == report["forged_accepted"] == 0
    assert report["possible_duplicates"] <= report["ambiguous"]


async def test_the_pager_stands_what_the_broken_ones_do_not(databases: Databases) -> None:
    faults = ((Fault.ERROR_AFTER, 0.2), (Fault.ERROR_BEFORE, 0.2), (Fault.ERROR_AFTER, 0.8))
    assert all(judged.is_good for judged in await _judged(databases, Variant.REAL, *faults))


async def test_who_sends_again_in_doubt_doubles(databases: Databases) -> None:
    (judged,) = await _judged(databases, Variant.NAIVE_RETRY, (Fault.ERROR_AFTER, 0.2))
    assert judged.doubled


async def test_who_gives_up_in_doubt_loses(databases: Databases) -> None:
    (judged,) = await _judged(databases, Variant.AT_MOST_ONCE, (Fault.ERROR_BEFORE, 0.2))
    assert judged.lost


async def test_who_looks_before_the_list_can_show_it_doubles(databases: Databases) -> None:
    (judged,) = await _judged(databases, Variant.SHORT_SETTLE, (Fault.ERROR_AFTER, 0.8))
    assert judged.doubled


async def test_a_kill_point_kills_at_its_task(databases: Databases) -> None:
    setting = Setting(context=await asyncio.to_thread(warm_context))
    kills = ((KillPoint("page-", 1),), (KillPoint("page-", 1),))
    async with databases.one("kill_point") as store:
        played = await play(one_fault(Fault.NONE, kills=kills), store, setting)
    assert played.deaths.kills["page-"] >= 1
    assert judge(played).is_good


async def test_a_pager_without_a_listening_port_hears_an_answer_by_text(databases: Databases) -> None:
    context = await asyncio.to_thread(warm_context)
    async with databases.one("outbound") as store, Carrier(calm().carrier(None)) as carrier:
        engine = open_engine(store)
        life = Life(paging=calm().paging(None), twilio=account_of(carrier), store=store)
        process = begin(context, life)
        try:
            incident_id = await open_incident(engine, name="7.1")

            async def acknowledged() -> tuple[str, str] | None:
                async with transaction(engine) as connection:
                    found = await find(connection, incident_id)
                done = found is not None and found.state == "acknowledged"
                return (found.acknowledged_how, found.acknowledged_by) if found and done else None

            assert await until(acknowledged, within_s=20) == ("sms", "person-1")
            family = psutil.Process(process.pid)
            sockets = [one for each in (family, *family.children(recursive=True)) for one in each.net_connections()]
            assert sockets
            assert not [one for one in sockets if one.status == psutil.CONN_LISTEN]
        finally:
            process.kill()
            process.join()
            process.close()
            await engine.dispose()
