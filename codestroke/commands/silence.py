"""``codestroke silence``: stop the paging of a team or pathway for a reason and a while, never for ever.

A silence always ends by itself, within a day. It is shown on the board and written into the audit log, and so is every
finding that was not paged because of it.
"""

from __future__ import annotations

import asyncio
import getpass
import json
import re
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from typing import Annotated, Any, TypeVar

import cyclopts
from rich.console import Console
from rich.markup import escape
from rich.table import Table
from sqlalchemy.ext.asyncio import AsyncConnection

from alerting.pager.clock import SteadyClock
from codestroke.commands.rota import NOTICE
from codestroke.logs import configure
from codestroke.settings import Settings, load_settings
from schemas.errors import BadSettings
from store import silences
from store.engine import open_engine, transaction
from store.silences import Silence
from streams.pathways.registry import all_pathways

app = cyclopts.App(
    name="silence",
    help="Stop paging a team or pathway for a while. What happens meanwhile is never paged later. "
    "Research software, not a medical device.",
)
LONGEST = timedelta(hours=24)
_SHORTEST_REASON, _LONGEST_REASON = 3, 200
_LENGTH = re.compile(r"(\d{1,5})([smh])")
_UNITS = {"s": "seconds", "m": "minutes", "h": "hours"}
AsJson = Annotated[bool, cyclopts.Parameter(name="--json", negative=())]
_T = TypeVar("_T")


@app.command(name="set")
def set_(
    *,
    reason: str,
    team: str = "",
    pathway: str = "",
    until: datetime | None = None,
    for_: Annotated[str | None, cyclopts.Parameter(name="--for")] = None,
    by: str | None = None,
    as_json: AsJson = False,
) -> None:
    """Silence a team, a pathway, or a pathway of a team, until an instant or for a while, at most 24 hours.

    Running escalations that it covers end at once: nobody more is paged for them. They, and findings that come
    meanwhile, stand on the board and in the audit log as not paged; after the end of the silence, or when it is lifted,
    they are not paged either. The ED desk is shown each of them.

    Args:
        reason: why, shown on the board; never name a patient.
        team: as in paging.teams.
        pathway: stroke, aorta or chest.
        until: ISO 8601; UTC where it names no offset.
        for_: a number with s, m or h, for example 30m.
        by: who sets it; your user name unless given.
        as_json: one JSON document instead of lines.
    """
    settings = load_settings()
    _check(settings, team=team, pathway=pathway, reason=reason)

    async def work(connection: AsyncConnection) -> Silence:
        now = await SteadyClock().now(connection)
        ends_at = end_of(now, until=until, length=for_)
        return await silences.set_silence(
            connection, team=team, pathway=pathway, reason=reason, by=_who(by), until=ends_at, now=now
        )

    _show([_in_store(settings, work)], as_json)


@app.command(name="list")
def list_(*, as_json: AsJson = False) -> None:
    """List the silences in force, the one that ends first first.

    Args:
        as_json: one JSON document instead of a table.
    """

    async def work(connection: AsyncConnection) -> list[Silence]:
        return await silences.in_force(connection, await SteadyClock().now(connection))

    _show(_in_store(load_settings(), work), as_json)


@app.command
def lift(silence_id: str, *, by: str | None = None) -> None:
    """End a silence early. What was silenced is not paged afterwards: look at the board.

    Args:
        silence_id: as ``codestroke silence list`` shows it.
        by: who lifts it; your user name unless given.
    """

    async def work(connection: AsyncConnection) -> bool:
        return await silences.lift(connection, silence_id, by=_who(by), now=await SteadyClock().now(connection))

    if not _in_store(load_settings(), work):
        raise BadSettings(f"no silence {silence_id} is in force; see codestroke silence list")
    Console().print("lifted; what was silenced meanwhile is not paged afterwards: look at the board")


def end_of(now: datetime, *, until: datetime | None, length: str | None) -> datetime:
    """When a silence ends.

    Raises:
        BadSettings: not exactly one of both is given, or the end is not within the next 24 hours.
    """
    if (until is None) == (length is None):
        raise BadSettings("a silence needs an end: give either --until or --for")
    if until is not None:
        ends_at = until.astimezone(UTC) if until.tzinfo else until.replace(tzinfo=UTC)
    else:
        ends_at = now + _length(length or "")
    if not now < ends_at <= now + LONGEST:
        raise BadSettings("a silence ends after now and within 24 hours; set it anew where more is needed")
    return ends_at


def _length(text: str) -> timedelta:
    match = _LENGTH.fullmatch(text.strip().lower())
    if match is None:
        raise BadSettings(f"--for takes a number with s, m or h, for example 30m, not {text!r}")
    return timedelta(**{_UNITS[match[2]]: int(match[1])})


def _check(settings: Settings, *, team: str, pathway: str, reason: str) -> None:
    known = [item.name for item in all_pathways()]
    if pathway and pathway not in known:
        raise BadSettings(f"there is no pathway {pathway}; known are {', '.join(known)}")
    if not team and not pathway:
        raise BadSettings("a silence needs --team, --pathway or both")
    if team and team not in settings.paging.teams:
        raise BadSettings(f"paging.teams has no {team}; known are {', '.join(settings.paging.teams) or 'none'}")
    if not _SHORTEST_REASON <= len(reason.strip()) <= _LONGEST_REASON:
        raise BadSettings(f"a silence needs a reason of {_SHORTEST_REASON} to {_LONGEST_REASON} characters")


def _who(by: str | None) -> str:
    return by or getpass.getuser()


def _in_store(settings: Settings, work: Callable[[AsyncConnection], Awaitable[_T]]) -> _T:
    configure(settings.log)

    async def run() -> _T:
        engine = open_engine(settings.store)
        try:
            async with transaction(engine) as connection:
                return await work(connection)
        finally:
            await engine.dispose()

    return asyncio.run(run())


def _show(found: list[Silence], as_json: bool) -> None:
    rows = [_row(silence) for silence in found]
    if as_json:
        print(json.dumps({"notice": NOTICE, "silences": rows}))  # noqa: T201  # a document for machines
        return
    console, table = Console(), Table("id", "team", "pathway", "until", "by", "reason", title="silences in force")
    for row in rows:
        shown = (row["id"], row["team"] or "every", row["pathway"] or "every", row["until"], row["by"], row["reason"])
        table.add_row(*(escape(str(each)) for each in shown))
    console.print(table if rows else "no silence is in force")
    console.print(NOTICE)


def _row(silence: Silence) -> dict[str, Any]:
    return {
        "id": silence.silence_id,
        "team": silence.team,
        "pathway": silence.pathway,
        "reason": silence.reason,
        "by": silence.set_by,
        "since": silence.starts_at.isoformat(),
        "until": silence.ends_at.isoformat(),
    }
