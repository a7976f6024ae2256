"""``codestroke doctor``: is every peer there, and if not, the one next thing to do."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass
from functools import partial

from rich.console import Console
from rich.table import Table
from sqlalchemy import text

from codestroke.settings import Settings, load_settings
from codestroke.settings.reference import render
from schemas.errors import CodestrokeError
from schemas.topics import all_topics
from store.engine import open_engine, transaction
from streams.inference.client import ServedModel
from streams.kafka import admin
from streams.pathways import all_pathways
from triton_models.contracts import load_contract

EXIT_NOT_READY = 1


@dataclass(frozen=True, slots=True)
class Check:
    """One thing that must hold; ``advice`` says what to do when it does not."""

    name: str
    run: Callable[[], Awaitable[str]]
    advice: str


def doctor(*, settings: bool = False) -> None:
    """Check every peer and end in one line: READY, or the next thing to do.

    Args:
        settings: print the reference page of all settings instead.
    """
    if settings:
        print(render(), end="")  # noqa: T201 - a page for a file
        return
    sys.exit(asyncio.run(_examine(load_settings())))


async def _examine(settings: Settings) -> int:
    table, first = Table("check", "result"), ""
    for check in _checks(settings):
        try:
            table.add_row(check.name, f"[green]ok[/] {await check.run()}")
        except CodestrokeError as error:
            table.add_row(check.name, f"[red]failed[/] {error}")
            first = first or f"{check.name}: {check.advice}"
    console = Console()
    console.print(table)
    console.print(f"NOT READY - next: {first}" if first else "READY")
    return EXIT_NOT_READY if first else 0


def _checks(settings: Settings) -> Iterator[Check]:
    yield Check("store", lambda: _store(settings), "start PostgreSQL or set store.url, then `codestroke db upgrade`")
    yield Check("kafka", lambda: _kafka(settings), "start Kafka or set kafka.bootstrap, then `codestroke topics apply`")
    for pathway in all_pathways():
        model = pathway.model
        yield Check(f"model {model}", partial(_model, settings, model), "start Triton or set triton.grpc")
    yield Check(
        "gateway", lambda: _gateway(settings), "set gateway.allowed_ae_titles to the AE titles of your modalities"
    )
    yield Check("paging", lambda: _paging(settings), "set paging.contacts, paging.teams and twilio")


async def _store(settings: Settings) -> str:
    engine = open_engine(settings.store)
    try:
        async with transaction(engine) as connection:
            found = await connection.execute(text("SELECT to_regclass('cases') IS NOT NULL, version()"))
            migrated, version = found.one()
    finally:
        await engine.dispose()
    if not migrated:
        raise CodestrokeError("the tables are missing")
    return str(version).split(" on ", maxsplit=1)[0]


async def _kafka(settings: Settings) -> str:
    wanted = all_topics([pathway.name for pathway in all_pathways()])
    found = {state.name for state in await asyncio.to_thread(admin.describe, settings.kafka, wanted, [])}
    missing = [topic.name for topic in wanted if topic.name not in found]
    if missing:
        raise CodestrokeError(f"{len(missing)} topics are missing, for example {missing[0]}")
    return f"{len(found)} topics"


async def _model(settings: Settings, name: str) -> str:
    model = ServedModel(load_contract(name), settings.triton)
    try:
        await model.start()
    finally:
        await model.close()
    return f"version {model.contract.version}, known answer right"


async def _gateway(settings: Settings) -> str:
    allowed = settings.gateway_settings().allowed_ae_titles
    if not allowed:
        raise CodestrokeError("no calling AE title is allowed: every association will be refused")
    return f"accepts {', '.join(allowed)}"


async def _paging(settings: Settings) -> str:
    if settings.twilio is None:
        raise CodestrokeError("no carrier is configured (setting twilio)")
    empty = [team for team in ("stroke", "vascular") if not settings.paging.teams.get(team)]
    if empty:
        raise CodestrokeError(f"nobody is on call for {', '.join(empty)} (setting paging.teams)")
    return f"{len(settings.paging.contacts)} contacts"
