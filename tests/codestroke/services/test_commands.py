"""The command line of the parts."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from codestroke.services.commands import app
from codestroke.services.stack import Stack, StackConfig


def _run(capsys: pytest.CaptureFixture[str], *tokens: str) -> dict[str, Any]:
    app(tokens, result_action="return_value")
    told: dict[str, Any] = json.loads(capsys.readouterr().out)
    return told


def test_status_of_a_fresh_home_is_down_and_says_what_this_is(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    told = _run(capsys, "status", "--json", "--home", str(tmp_path))
    assert [(one["part"], one["state"], one["pid"]) for one in told["parts"]] == [
        ("kafka", "down", None),
        ("postgres", "down", None),
        ("triton", "down", None),
    ]
    assert "not a medical device" in told["notice"]


@pytest.mark.integration  # builds the environment of Triton on first use
def test_a_bad_repository_is_one_clear_line(tmp_path: Path, cache: Path, capsys: pytest.CaptureFixture[str]) -> None:
    tokens = ["up", "triton", "--home", str(tmp_path), "--cache", str(cache), "--models", str(tmp_path / "absent")]
    free = ["--ports.triton-grpc", "0", "--ports.triton-http", "0", "--ports.triton-metrics", "0"]
    with pytest.raises(SystemExit, match="1"):
        app([*tokens, *free], result_action="return_value")
    assert "model_repository: the model repository" in capsys.readouterr().err


@pytest.mark.integration
def test_a_part_started_by_command_is_shown_and_stopped(
    tmp_path: Path, cache: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    place = ["--home", str(tmp_path), "--cache", str(cache)]
    told = _run(capsys, "up", "postgres", "--ports.postgres", "0", "--json", *place)
    assert [(one["part"], one["ready"]) for one in told["parts"] if one["ready"]] == [("postgres", True)]
    app(["down", *place], result_action="return_value")
    after = _run(capsys, "status", "--json", *place)
    assert {one["state"] for one in after["parts"]} == {"down"}
    Stack(StackConfig(home=tmp_path, cache=cache), bound=False).purge()
