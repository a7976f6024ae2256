"""``codestroke rota``: who is on call, from which calendar, how old that is; and whether anybody is missing.

Both commands ask the calendars that are due and use the kept copies, as the pager does. Addresses of calendars
are never shown, numbers by their last three digits.
"""

from __future__ import annotations

import asyncio
import json
import sys
from collections.abc import Awaitable, Callable, Mapping
from datetime import UTC, datetime
from typing import Annotated, Any, TypeVar

import cyclopts
from rich.console import Console

from alerting.core.contacts import Contact
from alerting.core.rota import Gap
from alerting.rota.check import DAYS, check, in_words
from alerting.rota.copies import StoredCopies
from alerting.rota.roster import AHEAD, CalendarRoster
from codestroke.commands.rota_tables import show_gaps, show_teams
from codestroke.logs import configure
from codestroke.settings import Settings, load_settings
from schemas.errors import BadSettings
from store.engine import open_engine

app = cyclopts.App(name="rota", help="Who is on call, and whether every tier of every team has somebody.")
EXIT_GAPS = 1
NOTICE = "Research software, not a medical device."
AsJson = Annotated[bool, cyclopts.Parameter(name="--json", negative=())]
Days = Annotated[int, cyclopts.Parameter(validator=cyclopts.validators.Number(gte=1, lte=366))]
_T = TypeVar("_T")


@app.command
def show(*, team: str | None = None, at: datetime | None = None, as_json: AsJson = False) -> None:
    """Show who is on call, when that changes next, and the age of every calendar.

    Args:
        team: only this team.
        at: another time than now (ISO 8601; UTC where it names no offset).
        as_json: one JSON document instead of tables.
    """
    settings = load_settings()
    if team is not None and team not in settings.paging.teams:
        raise BadSettings(f"paging.teams has no {team}; known are {', '.join(settings.paging.teams) or 'none'}")
    now = datetime.now(UTC)
    wanted = _aware(at) if at else now
    teams = [team] if team else list(settings.paging.teams)
    report = _with_roster(settings, lambda roster: _shown(roster, teams, wanted=wanted, now=now))
    _print(report, as_json, show_teams)


@app.command(name="check")
def check_(*, days: Days = DAYS, as_json: AsJson = False) -> None:
    """End with status 1 where a tier of a team has nobody to page at some instant of the coming days.

    Args:
        days: how far to look.
        as_json: one JSON document instead of lines.
    """
    now = datetime.now(UTC)
    report = _with_roster(load_settings(), lambda roster: _checked(roster, now, days))
    _print(report, as_json, show_gaps)
    sys.exit(EXIT_GAPS if report["gaps"] else 0)


def _with_roster(settings: Settings, ask: Callable[[CalendarRoster], Awaitable[_T]]) -> _T:
    configure(settings.log)

    async def run() -> _T:
        engine = open_engine(settings.store)
        try:
            return await ask(CalendarRoster(settings.paging, copies=StoredCopies(engine)))
        finally:
            await engine.dispose()

    return asyncio.run(run())


async def _shown(roster: CalendarRoster, teams: list[str], *, wanted: datetime, now: datetime) -> dict[str, Any]:
    await roster.cover(min(wanted, now), max(wanted, now) + AHEAD)
    return {
        "notice": NOTICE,
        "at": wanted.isoformat(),
        "teams": [_team(roster, team, wanted) for team in teams],
        "calendars": _calendars(roster, now),
        "problems": _problems(roster),
    }


async def _checked(roster: CalendarRoster, now: datetime, days: int) -> dict[str, Any]:
    found = await check(roster, now, days=days)
    return {
        "notice": NOTICE,
        "from": now.isoformat(),
        "days": days,
        "gaps": [_gap(gap, roster.zone_of(gap.team, gap.tier)) for gap in found],
        "calendars": _calendars(roster, now),
        "problems": _problems(roster),
    }


def _team(roster: CalendarRoster, team: str, at: datetime) -> dict[str, Any]:
    change = roster.next_change(team, at)
    tiers = [
        {"tier": place, "people": [_person(contact) for contact in people]}
        for place, people in enumerate(roster.tiers(team, at), start=1)
    ]
    return {"team": team, "tiers": tiers, "next_change": change.isoformat() if change else None}


def _person(contact: Contact) -> dict[str, Any]:
    return {"code": contact.code, "number": f"...{contact.number[-3:]}", "roles": sorted(contact.roles)}


def _gap(gap: Gap, zone: str) -> dict[str, Any]:
    said = {"team": gap.team, "tier": gap.tier, "zone": zone, "text": in_words(gap, zone)}
    return {**said, "start": gap.start.isoformat(), "end": gap.end.isoformat()}


def _calendars(roster: CalendarRoster, now: datetime) -> list[dict[str, Any]]:
    return [
        {
            "name": age.name,
            "age_s": age.age_s,
            "stale": age.stale,
            "error": age.error,
            "checked_at": age.checked_at.isoformat() if age.checked_at else None,
            "zone": age.zone,
        }
        for age in roster.ages(now)
    ]


def _problems(roster: CalendarRoster) -> list[dict[str, Any]]:
    return [
        {
            "calendar": each.calendar,
            "kind": str(each.problem.kind),
            "text": each.problem.text,
            "start": each.problem.start.isoformat() if each.problem.start else None,
        }
        for each in roster.problems()
    ]


def _print(report: dict[str, Any], as_json: bool, tables: Callable[[Console, Mapping[str, Any]], None]) -> None:
    if as_json:
        print(json.dumps(report))  # noqa: T201  # a document for machines
    else:
        tables(Console(), report)


def _aware(at: datetime) -> datetime:
    return at.astimezone(UTC) if at.tzinfo else at.replace(tzinfo=UTC)
