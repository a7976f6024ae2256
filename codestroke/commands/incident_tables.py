"""The reports of ``codestroke incidents`` as tables for people, from the same documents that it prints as JSON."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from rich.console import Console
from rich.markup import escape
from rich.table import Table

_SECONDS = len("2026-11-24T14:10:00")
_DAY = len("2026-11-24 ")
_ENDED_BADLY = frozenset({"exhausted", "declined"})


def show_incidents(console: Console, report: Mapping[str, Any]) -> None:
    """Print one line an incident."""
    table = Table("case", "finding", "team", "opened (UTC)", "state", "taken by", "at (UTC)", "told")
    for each in report["incidents"]:
        state = f"[red]{each['state']}[/]" if each["state"] in _ENDED_BADLY else each["state"]
        taken = f"{each['acknowledged_by']} ({each['acknowledged_how']})" if each["acknowledged_by"] else ""
        at, told = _short(each["acknowledged_at"]), str(each["communications"])
        finding = escape(each["finding"])
        table.add_row(each["reference"], finding, each["team"], _short(each["opened_at"]), state, taken, at, told)
    console.print(table if report["incidents"] else "no incidents")
    console.print(report["notice"])


def show_communications(console: Console, report: Mapping[str, Any]) -> None:
    """Print the incidents of a case, then for each one line a communication: the six fields, and what became of it."""
    show_incidents(console, report)
    for incident in report["incidents"]:
        mine = [each for each in report["communications"] if each["incident_id"] == incident["incident_id"]]
        title = f"{incident['finding']}, found {_short(incident['opened_at'])} UTC"
        table = Table("told by", "received by", "told (UTC)", "how", "status", "answer", title=escape(title))
        for each in mine:
            table.add_row(*_communication(each))
        console.print(table if mine else f"{escape(title)}: nobody was told")


def _communication(each: Mapping[str, Any]) -> tuple[str, ...]:
    answer = f"{each['answer']} {_clock(each['answered_at'])}" if each["answer"] else ""
    status = f"{each['status']}: {escape(each['reason'])}" if each["reason"] else each["status"]
    twice = ", perhaps twice" if each["possible_duplicate"] else ""
    told_by, told_at = escape(each["told_by"]), _short(each["told_at"])
    return told_by, each["received_by"], told_at, each["how"], status + twice, answer


def _clock(at: str | None) -> str:
    return _short(at)[_DAY:]


def _short(at: str | None) -> str:
    return at[:_SECONDS].replace("T", " ") if at else ""
