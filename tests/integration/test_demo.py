"""The demo as a user plays it: a process of its own, judged by the document that it prints."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import psutil
import pytest

pytestmark = pytest.mark.integration

_LIMIT_S = 400


@pytest.fixture(scope="module")
def played(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """The document of one headless demo; nothing that it started may be left behind."""
    home = tmp_path_factory.mktemp("demo")
    command = [sys.executable, "-m", "codestroke", "demo", "--headless", "--json", "--home", str(home / "home")]
    done = subprocess.run(
        command, capture_output=True, text=True, timeout=_LIMIT_S, cwd=home, check=False, env=os.environ
    )
    assert done.stdout, done.stderr[-3000:]
    document: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    assert done.returncode == 0, document["invariants_broken"] or done.stderr[-3000:]
    assert _left_behind(home) == []
    return document


def test_nothing_is_lost_doubled_or_broken(played: dict[str, Any]) -> None:
    assert (played["lost"], played["doubled"], played["invariants_broken"]) == (0, 0, [])


def test_the_occlusion_is_first_and_its_page_is_accepted_and_acknowledged(played: dict[str, Any]) -> None:
    (first,) = [case for case in played["cases"] if case["rank"] == 1]
    assert (first["pathway"], first["finding"]) == ("stroke", "detected")
    pages = [page for page in played["pages"] if page["case_id"] == first["case_id"]]
    assert min(page["accepted_s"] for page in pages) < 60
    assert all(page["acknowledged_s"] is not None for page in pages)
    assert played["first_page_accepted_s"] <= 60


def test_a_page_that_nobody_answers_climbs_to_a_call_and_the_next_person(played: dict[str, Any]) -> None:
    (stroke,) = [incident for incident in played["incidents"] if incident["pathway"] == "stroke"]
    climbed = [
        (step["step"], {(page["recipient"], page["channel"]) for page in step["pages"]}) for step in stroke["steps"]
    ]
    assert climbed == [
        (0, {("neuro-1", "sms")}),
        (1, {("neuro-1", "voice")}),
        (2, {("neuro-2", "sms"), ("neuro-2", "voice")}),
    ]
    assert (stroke["ended"], stroke["by"], stroke["how"]) == ("acknowledged", "neuro-2", "voice")


def test_every_second_is_attributed(played: dict[str, Any]) -> None:
    assert played["ledger_attributed_min"] >= 0.99


def test_every_case_has_one_outcome_per_pathway(played: dict[str, Any]) -> None:
    keys = [(case["case_id"], case["pathway"]) for case in played["cases"]]
    assert len(keys) == len(set(keys))
    assert all(case["outcome"] for case in played["cases"])


def test_the_broken_study_says_why_and_the_plain_head_is_indeterminate(played: dict[str, Any]) -> None:
    by_study = {case["study"]: case for case in played["cases"]}
    assert by_study["head with missing slices"]["state"] == "not analysed"
    assert "missing" in by_study["head with missing slices"]["reason"]
    assert by_study["plain head"]["reason"] == "no contrast"
    assert by_study["knee"]["outcome"] == "not_applicable"


def _left_behind(home: Path) -> list[str]:
    found = []
    for process in psutil.process_iter(["pid", "cmdline"]):
        line = " ".join(process.info["cmdline"] or ())
        if str(home) in line:
            found.append(line)
    return found
