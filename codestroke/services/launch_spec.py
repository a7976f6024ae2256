"""What ``launch.py`` needs to become a part: argument vector, environment, folder, user.

Built by ``kafka.py``, ``postgres.py`` and ``triton.py``; written by the stack.
"""

from __future__ import annotations

import dataclasses
import json
import os
import signal
from dataclasses import dataclass, field
from pathlib import Path

# Variables that would change a server's behaviour behind our back, or that hold our own secrets.
_DROPPED_PREFIXES = (
    "PYTHON",
    "CODESTROKE_",
    "VIRTUAL_ENV",
    "JAVA_",
    "JDK_",
    "_JAVA",
    "PG",
    "LD_",
    "TRITON",
    "SUPERVISOR_",
)


def clean_environment(**overrides: str) -> dict[str, str]:
    """This process's environment without the variables above, plus ``overrides``."""
    kept = {key: value for key, value in os.environ.items() if not key.startswith(_DROPPED_PREFIXES)}
    return kept | overrides


@dataclass(frozen=True, slots=True)
class LaunchSpec:
    """One server process; ``user`` is set where root must be given up."""

    argv: list[str]
    cwd: Path
    pid_file: Path
    stop_signal: signal.Signals = signal.SIGTERM
    user: str | None = None
    env: dict[str, str] = field(default_factory=clean_environment)

    def render(self) -> str:
        """As JSON; the signal on the supervisor's death is the one that stops the part in order."""
        fields = dataclasses.asdict(self) | {
            "cwd": str(self.cwd),
            "pid_file": str(self.pid_file),
            "death_signal": int(self.stop_signal),
        }
        del fields["stop_signal"]
        return json.dumps(fields, indent=1)
