"""What a server process may see of ours."""

import json
import signal
from pathlib import Path

import pytest

from codestroke.services.launch_spec import LaunchSpec, clean_environment


def test_our_secrets_and_foreign_settings_do_not_reach_a_server(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("CODESTROKE_SITE_KEY", "PYTHONPATH", "PGDATA", "JAVA_TOOL_OPTIONS", "LD_PRELOAD"):
        monkeypatch.setenv(name, "x")
    monkeypatch.setenv("LANG", "C")
    told = clean_environment(PATH="/bin")
    assert "x" not in told.values()
    assert (told["LANG"], told["PATH"]) == ("C", "/bin")


def test_the_specification_is_json_with_the_signal_as_a_number() -> None:
    spec = LaunchSpec(["/bin/true"], Path("/"), Path("/run/x.pid"), signal.SIGINT, user="nobody", env={})
    assert json.loads(spec.render()) == {
        "argv": ["/bin/true"],
        "cwd": "/",
        "pid_file": "/run/x.pid",
        "user": "nobody",
        "env": {},
        "death_signal": 2,
    }
