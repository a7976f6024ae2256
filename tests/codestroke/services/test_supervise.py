"""The supervisor's configuration."""

import configparser
import os
from pathlib import Path

import pytest

from codestroke.services.parts import Layout, Part
from codestroke.services.supervise import Supervisor, configuration, socket_path
from schemas.errors import BadSettings


def _sections(text: str) -> configparser.ConfigParser:
    parsed = configparser.ConfigParser(interpolation=None)
    parsed.read_string(text)
    return parsed


def test_every_part_is_a_program_that_comes_back_and_waits_to_be_asked() -> None:
    parsed = _sections(configuration(Layout(Path("/home/x")), owner_pid=None))
    for part in Part:
        program = parsed[f"program:{part}"]
        assert (program["autostart"], program["autorestart"]) == ("false", "true")
    assert parsed["program:postgres"]["stopsignal"] == "INT"
    assert "program:owner" not in parsed


def test_a_bound_stack_watches_its_owner() -> None:
    parsed = _sections(configuration(Layout(Path("/home/x")), owner_pid=os.getpid()))
    assert f" {os.getpid()} " in parsed["program:owner"]["command"]


def test_a_percent_sign_in_a_path_survives_and_a_semicolon_is_refused() -> None:
    text = configuration(Layout(Path("/home/100% x")), owner_pid=None)
    assert "/home/100%% x/run/triton.json" in text
    with pytest.raises(BadSettings, match="CODESTROKE_HOME"):
        configuration(Layout(Path("/home/a ;b")), owner_pid=None)


def test_a_long_home_moves_the_socket_to_a_short_path() -> None:
    assert socket_path(Layout(Path("/h"))) == Path("/h/run/supervisor.sock")
    assert len(str(socket_path(Layout(Path("/" + "h" * 120))))) < 100


def test_an_absent_supervisor_has_no_pid(tmp_path: Path) -> None:
    assert Supervisor(Layout(tmp_path)).pid() is None
