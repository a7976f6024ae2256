"""Starts, watches, kills and stops the roles of a plan, under the same supervisor as the embedded parts.

A role that dies is started again; everything ends with the process that owns the fleet.
"""

from __future__ import annotations

import json
import os
import signal
import time
import urllib.error
import urllib.request
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import psutil

from codestroke.fleet.plan import FleetPlan, roles_of
from codestroke.services.launch_spec import LaunchSpec, clean_environment
from codestroke.services.parts import Layout
from codestroke.services.supervise import Supervisor
from schemas.errors import PeerUnavailable

_POLL_S = 0.1
_HTTP_TIMEOUT_S = 2.0


@dataclass(frozen=True, slots=True)
class RoleState:
    """One process of the fleet as its own ``/healthz`` describes it."""

    name: str
    pid: int | None
    ready: bool
    detail: str


class Fleet:
    """The roles of one plan; ``extra`` adds programs that are not roles, such as the simulated carrier."""

    def __init__(self, plan: FleetPlan, extra: Mapping[str, Sequence[str]] | None = None) -> None:
        self._plan = plan
        self._layout = Layout((plan.home / "fleet").absolute())
        self._supervisor = Supervisor(self._layout)
        self._roles = roles_of(plan)
        self._programs = {**{name: list(argv) for name, argv in (extra or {}).items()}, **self._roles}

    @property
    def names(self) -> tuple[str, ...]:
        """Names of the roles' processes."""
        return tuple(self._roles)

    def start(self) -> None:
        """Start every program and return at once.

        Raises:
            PeerUnavailable: the supervisor did not come up.
        """
        for folder in (self._layout.run, self._layout.home / "logs", self._plan.home / "run"):
            folder.mkdir(parents=True, exist_ok=True)
        for name, argv in self._programs.items():
            self._health_file(name).unlink(missing_ok=True)
            self._layout.spec(name).write_text(self._spec(name, argv).render())
            self._layout.spec(name).chmod(0o600)  # holds the demo's secrets
        self._supervisor.start(owner_pid=os.getpid(), names=list(self._programs))
        for name in self._programs:
            self._supervisor.start_part(name)

    def wait_ready(self, *, timeout_s: float) -> None:
        """Wait until every role says it does its work.

        Raises:
            PeerUnavailable: one does not, with the end of its log.
        """
        deadline = time.monotonic() + timeout_s
        while True:
            late = [state for state in self.states() if not state.ready]
            if not late:
                return
            if time.monotonic() > deadline:
                names = ", ".join(f"{state.name} ({state.detail or 'no answer'})" for state in late)
                raise PeerUnavailable(f"not ready: {names}\n{self.log_tail(late[0].name)}", reason="role_not_ready")
            time.sleep(_POLL_S)

    def states(self) -> list[RoleState]:
        """Every role as it describes itself."""
        return [self._state(name) for name in self._roles]

    def pid(self, name: str) -> int | None:
        """Process id of a program, or None while it is down."""
        return self._supervisor.info(name).pid

    def kill(self, name: str) -> bool:
        """SIGKILL a program; the supervisor starts it again. False where it was down at that moment."""
        pid = self.pid(name)
        if pid is None:
            return False
        self._health_file(name).unlink(missing_ok=True)
        try:
            os.kill(pid, signal.SIGKILL)
        except ProcessLookupError:
            return False
        return True

    def rss_mb(self) -> float:
        """Resident memory of all roles and their children, in megabytes."""
        total = 0
        for name in self._programs:
            pid = self.pid(name)
            if pid is None:
                continue
            for process in [psutil.Process(pid), *psutil.Process(pid).children(recursive=True)]:
                total += process.memory_info().rss
        return total / 1e6

    def log(self, name: str) -> Path:
        """The log of a program."""
        return self._layout.log(name)

    def log_tail(self, name: str, lines: int = 12) -> str:
        """The last lines of a program's log."""
        path = self.log(name)
        return "\n".join(path.read_text(errors="replace").splitlines()[-lines:]) if path.exists() else ""

    def health_address(self, name: str) -> str | None:
        """Where a role serves its health, once it does."""
        path = self._health_file(name)
        return path.read_text() if path.exists() else None

    def stop(self) -> None:
        """Stop every program in order, then the supervisor."""
        self._supervisor.shutdown()

    def _spec(self, name: str, argv: Sequence[str]) -> LaunchSpec:
        return LaunchSpec(
            argv=list(argv),
            cwd=self._plan.home,
            pid_file=self._layout.pid_file(name),
            env=clean_environment(**self._plan.environment(name)),
        )

    def _state(self, name: str) -> RoleState:
        pid = self._supervisor.info(name).pid
        address = self.health_address(name)
        if pid is None or address is None:
            return RoleState(name, pid, False, "")
        try:
            with urllib.request.urlopen(f"{address}/healthz", timeout=_HTTP_TIMEOUT_S) as answer:  # noqa: S310 - ours
                return RoleState(name, pid, bool(json.load(answer).get("ready")), "")
        except urllib.error.HTTPError as error:
            return RoleState(name, pid, False, error.read().decode("utf-8", "replace")[:300])
        except (OSError, ValueError) as error:
            return RoleState(name, pid, False, type(error).__name__)

    def _health_file(self, name: str) -> Path:
        return self._plan.home / "run" / f"{name}.health"
