"""The reports of ``codestroke rota`` as tables for people.

Who calls it: ``codestroke.commands.rota``, with the same documents that it prints as JSON.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from rich.console import Console
from rich.markup import escape
from rich.table import Table

_MINUTE_S, _HOUR_S, _DAY_S = 60, 3600, 86_400
_MOST_PROBLEMS = 20


def show_teams(console: Console, report: Mapping[str, Any]) -> None:
    """Print who is on call, then what is behind it."""
    table = Table("team", "tier", "on call", "number", "next change", title=f"on call at {report['at']}")
    for team in report["teams"]:
        for tier in team["tiers"]:
            people = tier["people"]
            codes = ", ".join(person["code"] for person in people) or "[red]nobody[/]"
            numbers = ", ".join(person["number"] for person in people)
            table.add_row(team["team"], str(tier["tier"]), codes, numbers, team["next_change"] or "none known")
    console.print(table)
    _show_calendars(console, report)


def show_gaps(console: Console, report: Mapping[str, Any]) -> None:
    """Print every gap in words."""
    for gap in report["gaps"]:
        console.print(f"[red]gap[/] {escape(gap['text'])}", soft_wrap=True)
    _show_calendars(console, report)
    days, found = report["days"], len(report["gaps"])
    console.print(f"{found} gaps within {days} days" if found else f"every tier has somebody for {days} days")


def age_in_words(age_s: float | None) -> str:
    """A duration in its largest whole unit."""
    if age_s is None:
        return "no copy"
    for unit_s, name in ((_DAY_S, "d"), (_HOUR_S, "h"), (_MINUTE_S, "min")):
        if age_s >= 2 * unit_s:
            return f"{age_s / unit_s:.0f} {name}"
    return f"{age_s:.0f} s"


def _show_calendars(console: Console, report: Mapping[str, Any]) -> None:
    if report["calendars"]:
        table = Table("calendar", "confirmed", "last check", "zone")
        for each in report["calendars"]:
            age = age_in_words(each["age_s"]) + (" ago" if each["age_s"] is not None else "")
            state = f"[red]{escape(each['error'])}[/]" if each["error"] else "ok"
            table.add_row(escape(each["name"]), f"[red]{age}[/]" if each["stale"] else age, state, each["zone"])
        console.print(table)
    _show_problems(console, report["problems"])
    console.print(report["notice"])


def _show_problems(console: Console, problems: Sequence[Mapping[str, Any]]) -> None:
    if not problems:
        return
    table = Table("calendar", "event not used", "its text", "from", title=f"{len(problems)} events need mending")
    for each in problems[:_MOST_PROBLEMS]:
        table.add_row(escape(each["calendar"]), each["kind"], escape(each["text"]), each["start"] or "")
    console.print(table)
