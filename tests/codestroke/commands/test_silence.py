"""Setting a silence: it always has an end within a day, a reason and a known scope."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from codestroke.commands.silence import end_of
from schemas.errors import BadSettings

NOW = datetime(2031, 3, 30, 12, tzinfo=UTC)
PAGING = '{"stroke": ["neuro-1"]}'
CONTACTS = '[{"code": "neuro-1", "number": "+447700900001"}]'


@pytest.mark.parametrize(("length", "minutes"), [("90s", 1.5), ("30m", 30), ("24h", 1440)])
def test_a_length_is_a_number_with_a_unit(length: str, minutes: float) -> None:
    assert end_of(NOW, until=None, length=length) == NOW + timedelta(minutes=minutes)


def test_an_instant_without_an_offset_is_utc() -> None:
    assert end_of(NOW, until=datetime(2031, 3, 30, 13), length=None) == NOW + timedelta(hours=1)  # noqa: DTZ001


@pytest.mark.parametrize(
    ("until", "length"),
    [
        (None, None),
        (NOW + timedelta(hours=1), "1h"),
        (None, "25h"),
        (None, "0m"),
        (None, "for ever"),
        (NOW - timedelta(seconds=1), None),
        (NOW + timedelta(hours=25), None),
    ],
)
def test_without_an_end_within_a_day_there_is_no_silence(until: datetime | None, length: str | None) -> None:
    with pytest.raises(BadSettings):
        end_of(NOW, until=until, length=length)


def _run(url: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    environment = {
        **os.environ,
        "CODESTROKE_SITE_KEY": "k" * 16,
        "CODESTROKE_STORE__URL": url,
        "CODESTROKE_PAGING__TEAMS": PAGING,
        "CODESTROKE_PAGING__CONTACTS": CONTACTS,
    }
    command = [sys.executable, "-m", "codestroke", *arguments]
    return subprocess.run(command, env=environment, capture_output=True, text=True, timeout=60, check=False)


def _silences(url: str) -> list[dict[str, Any]]:
    shown: list[dict[str, Any]] = json.loads(_run(url, "silence", "list", "--json").stdout)["silences"]
    return shown


@pytest.mark.integration
def test_it_is_set_listed_and_lifted(postgres_url: str) -> None:
    made = _run(
        postgres_url, "silence", "set", "--team", "stroke", "--reason", "drill", "--for", "30m", "--by", "x", "--json"
    )
    assert made.returncode == 0, made.stderr
    (listed,) = _silences(postgres_url)
    assert (listed["team"], listed["by"], listed["reason"]) == ("stroke", "x", "drill")
    assert listed == json.loads(made.stdout)["silences"][0]
    assert _run(postgres_url, "silence", "lift", listed["id"]).returncode == 0
    assert _silences(postgres_url) == []
    assert _run(postgres_url, "silence", "lift", listed["id"]).returncode == 1


@pytest.mark.integration
@pytest.mark.parametrize(
    "wrong", [["--team", "nobody"], ["--pathway", "nobody"], [], ["--team", "stroke", "--reason", " x "]]
)
def test_an_unknown_scope_or_no_reason_is_refused(postgres_url: str, wrong: list[str]) -> None:
    given = wrong if "--reason" in wrong else [*wrong, "--reason", "a drill"]
    assert _run(postgres_url, "silence", "set", "--for", "5m", *given).returncode == 1
    assert _silences(postgres_url) == []
