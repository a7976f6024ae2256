"""Who is on call, for people and for programs: no address, no whole number, and a gap ends with status 1."""

from __future__ import annotations

import io
import json
import os
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console

from alerting.rota.roster import CalendarRoster
from codestroke.commands.rota import _checked, _shown
from codestroke.commands.rota_tables import age_in_words, show_gaps, show_teams
from tests.alerting.rota.calendars import CONTACTS, Clock, calendar, event, paging, read_here, utc

NOW = utc("2027-03-01 12:00")
SHIFT = event("DTSTART:20270301T000000Z", "DTEND:20270304T000000Z")
STRANGER = event("DTSTART:20270303T000000Z", "DTEND:20270303T010000Z", summary="Dr [red]Who[/]", uid="2")
WEEKS = event("DTSTART:20260101T000000Z", "DTEND:20260102T000000Z", "RRULE:FREQ=DAILY")


def _roster(folder: Path, text: str) -> CalendarRoster:
    file = folder / "secret-canary.ics"
    file.write_text(text)
    return CalendarRoster(paging(str(file)), copies=None, read=read_here, clock=Clock(NOW))


async def _report(folder: Path, at: datetime = NOW) -> dict[str, Any]:
    roster = _roster(folder, calendar(SHIFT, STRANGER))
    return await _shown(roster, ["stroke"], wanted=at, now=NOW)


async def test_a_report_names_people_next_change_ages_and_what_needs_mending(tmp_path: Path) -> None:
    report = await _report(tmp_path)
    (team,) = report["teams"]
    people = [[person["code"] for person in tier["people"]] for tier in team["tiers"]]
    assert (people, team["next_change"]) == ([["ann"], ["cat"]], "2027-03-04T00:00:00+00:00")
    assert [(each["name"], each["age_s"], each["error"]) for each in report["calendars"]] == [("neuro", 0.0, "")]
    assert [each["kind"] for each in report["problems"]] == ["nobody_known"]


@pytest.mark.parametrize("days", [-400, 400])
async def test_another_time_is_looked_up_wherever_it_lies(tmp_path: Path, days: int) -> None:
    roster = _roster(
        tmp_path, calendar(event("DTSTART:20200101T000000Z", "DTEND:20200102T000000Z", "RRULE:FREQ=DAILY"))
    )
    report = await _shown(roster, ["stroke"], wanted=NOW + timedelta(days=days), now=NOW)
    assert report["teams"][0]["tiers"][0]["people"] == [{"code": "ann", "number": "...001", "roles": []}]


async def test_tables_show_neither_addresses_nor_numbers_and_say_what_this_is(tmp_path: Path) -> None:
    out = io.StringIO()
    show_teams(Console(file=out, width=200), await _report(tmp_path))
    text = out.getvalue()
    assert "not a medical device" in text
    assert "Dr [red]Who[/]" in text
    assert "canary" not in text
    assert not any(str(contact["number"]) in text for contact in CONTACTS)


async def test_gaps_are_told_in_words(tmp_path: Path) -> None:
    out = io.StringIO()
    show_gaps(Console(file=out, width=80), await _checked(_roster(tmp_path, calendar(SHIFT)), NOW, 5))
    assert "team stroke, tier 1, from 2027-03-04 00:00:00 to 2027-03-06 12:00:00 UTC" in out.getvalue()
    assert "1 gaps within 5 days" in out.getvalue()


@pytest.mark.parametrize(
    ("age_s", "words"), [(None, "no copy"), (0, "0 s"), (119, "119 s"), (120, "2 min"), (7200, "2 h"), (200_000, "2 d")]
)
def test_an_age_is_told_in_its_largest_unit(age_s: float | None, words: str) -> None:
    assert age_in_words(age_s) == words


def _run(folder: Path, store_url: str, *arguments: str, text: str) -> tuple[int, dict[str, Any], str]:
    (folder / "rota.ics").write_text(text)
    clean = {name: value for name, value in os.environ.items() if not name.startswith("CODESTROKE_")}
    people = {"contacts": CONTACTS, "calendars": {"neuro": {"source": "rota.ics"}}}
    paging_text = json.dumps({**people, "teams": {"stroke": {"tiers": [["calendar:neuro"], ["cat"]]}}})
    values = {"SITE_KEY": "a site key of these tests", "STORE__URL": store_url, "PAGING": paging_text}
    root = str(Path(__file__).parents[3])
    done = subprocess.run(
        [sys.executable, "-m", "codestroke", "rota", *arguments, "--json"],
        cwd=folder,
        env={**clean, "PYTHONPATH": root, **{f"CODESTROKE_{name}": value for name, value in values.items()}},
        capture_output=True,
        text=True,
        check=False,
    )
    return done.returncode, json.loads(done.stdout.splitlines()[-1]), done.stderr


@pytest.mark.integration
def test_the_command_reads_a_real_file_and_keeps_its_copy_in_the_store(tmp_path: Path, postgres_url: str) -> None:
    code, shown, _ = _run(tmp_path, postgres_url, "show", text=calendar(WEEKS))
    assert (code, shown["teams"][0]["tiers"][0]["people"][0]["code"]) == (0, "ann")
    (tmp_path / "rota.ics").write_text("<html>")
    code, checked, _ = _run(tmp_path, postgres_url, "check", text="<html>")
    assert (code, checked["gaps"]) == (0, [])  # the copy that the first command kept
    ending = calendar(event(f"DTSTART:{datetime.now(UTC):%Y%m%d}T000000Z", "DURATION:P3D"))
    other = tmp_path / "other"
    other.mkdir()
    code, checked, _ = _run(other, "postgresql+psycopg://nobody@127.0.0.1:1/none", "check", text=ending)
    assert code == 1
    assert [(gap["team"], gap["tier"]) for gap in checked["gaps"]] == [("stroke", 1)]
