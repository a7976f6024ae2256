"""The supervisor of the parts: the ``supervisor`` package, configured and spoken to over its socket.

Called by the stack alone. It restarts a part that dies, and stops everything when it ends; its programs are
started by request, never by themselves. Third-party errors end here.
"""

from __future__ import annotations

import http.client
import os
import shlex
import subprocess
import sys
import tempfile
import time
import xmlrpc.client
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psutil
from supervisor.xmlrpc import SupervisorTransport

from codestroke.services import launch, owner
from codestroke.services.launch_spec import clean_environment
from codestroke.services.parts import Layout, Part, PartState
from codestroke.services.processes import wait_gone
from schemas.errors import BadSettings, PeerUnavailable

_UNIX_PATH_MAX = 100  # sun_path holds 108 bytes on Linux and 104 on macOS
_STOP_S = 45.0
_POLL_S = 0.05
_STATES = {
    "STARTING": PartState.STARTING,
    "RUNNING": PartState.RUNNING,
    "STOPPING": PartState.STOPPING,
    "BACKOFF": PartState.RESTARTING,
    "FATAL": PartState.FAILED,
}
_ERRORS = (OSError, http.client.HTTPException, xmlrpc.client.Error)


@dataclass(frozen=True, slots=True)
class ProcessInfo:
    """What the supervisor knows of one part."""

    state: PartState
    pid: int | None
    uptime_s: int | None


def socket_path(layout: Layout) -> Path:
    """The control socket: in the home, or in the temporary folder where that path would be too long."""
    path = layout.run / "supervisor.sock"
    if len(os.fsencode(path)) <= _UNIX_PATH_MAX:
        return path
    return Path(tempfile.gettempdir()) / f"codestroke-{os.geteuid()}-{layout.key}.sock"


def configuration(layout: Layout, *, owner_pid: int | None, names: Sequence[str] = tuple(Part)) -> str:
    """The text of ``supervisord.conf`` for ``names``; with ``owner_pid`` all end when that process does."""
    if set(";\n\"'") & set(str(layout.home)):
        raise BadSettings(f"CODESTROKE_HOME {layout.home} has a quote, a semicolon or a line break", reason="home")
    lines = [
        f"[unix_http_server]\nfile={socket_path(layout)}\nchmod=0700",
        f"[supervisord]\nlogfile={layout.home / 'logs' / 'supervisor.log'}\nlogfile_maxbytes=5MB\n"
        f"logfile_backups=1\npidfile={layout.run / 'supervisord.pid'}\nidentifier=codestroke\n"
        f"childlogdir={layout.home / 'logs'}" + ("\nuser=root" if os.geteuid() == 0 else ""),
        "[rpcinterface:supervisor]\nsupervisor.rpcinterface_factory=supervisor.rpcinterface:make_main_rpcinterface",
        *(_program(layout, name) for name in names),
    ]
    if owner_pid is not None:
        lines.append(_owner_program(layout, owner_pid))
    return "\n\n".join(lines).replace("%", "%%") + "\n"


def _program(layout: Layout, part: str) -> str:
    command = shlex.join([sys.executable, "-I", launch.__file__, str(layout.spec(part))])
    signal_name = "INT" if part == Part.POSTGRES else "TERM"
    return (
        f"[program:{part}]\ncommand={command}\nautostart=false\nautorestart=true\nstartsecs=1\nstartretries=20\n"
        f"stopsignal={signal_name}\nstopwaitsecs=20\nkillasgroup=true\nredirect_stderr=true\n"
        f"stdout_logfile={layout.log(part)}\nstdout_logfile_maxbytes=10MB\nstdout_logfile_backups=1"
    )


def _owner_program(layout: Layout, pid: int) -> str:
    started = psutil.Process(pid).create_time()
    command = shlex.join([sys.executable, "-I", owner.__file__, str(pid), str(started)])
    return (
        f"[program:owner]\ncommand={command}\nautostart=true\nautorestart=true\nstartsecs=0\n"
        f"redirect_stderr=true\nstdout_logfile={layout.home / 'logs' / 'owner.log'}"
    )


class Supervisor:
    """A running (or absent) ``supervisord`` of one home."""

    def __init__(self, layout: Layout) -> None:
        self._layout = layout

    def pid(self) -> int | None:
        """The supervisor's process id, or None if none answers."""
        try:
            return int(self._call("getPID"))
        except PeerUnavailable:
            return None

    def start(self, *, owner_pid: int | None, names: Sequence[str] = tuple(Part)) -> None:
        """Start the supervisor of the programs ``names`` as a daemon. Raises PeerUnavailable if it does not come up."""
        text = configuration(self._layout, owner_pid=owner_pid, names=names)
        path = self._layout.run / "supervisord.conf"
        path.write_text(text)
        command = [sys.executable, "-m", "supervisor.supervisord", "-c", str(path)]
        done = subprocess.run(  # noqa: S603
            command, capture_output=True, text=True, check=False, cwd=self._layout.home, env=clean_environment()
        )
        if done.returncode != 0:
            raise PeerUnavailable(f"the supervisor did not start: {done.stderr.strip()}", reason="supervisor")

    def info(self, part: str) -> ProcessInfo:
        """State, process id and uptime of ``part``."""
        told: dict[str, Any] = self._call("getProcessInfo", str(part))
        state = _STATES.get(told["statename"], PartState.DOWN)
        if told["statename"] == "EXITED":
            state = PartState.RESTARTING
        uptime = told["now"] - told["start"] if told["pid"] else None
        return ProcessInfo(state=state, pid=told["pid"] or None, uptime_s=uptime)

    def start_part(self, part: str) -> None:
        """Start ``part`` and return at once."""
        self._call("startProcess", str(part), False)

    def stop_part(self, part: str) -> None:
        """Stop ``part`` and wait until it has ended; killed after 20 s."""
        self._call("stopProcess", str(part), True)

    def shutdown(self) -> None:
        """End every part in order, then the supervisor, and wait for that; does nothing if none answers.

        Raises PeerUnavailable if it takes longer than 45 s.
        """
        pid = self.pid()
        if pid is None:
            return
        self._stop_all()
        self._call("shutdown")
        if not wait_gone(pid, _STOP_S):
            raise PeerUnavailable(f"the supervisor (pid {pid}) did not end in {_STOP_S:.0f} s", reason="supervisor")

    def _stop_all(self) -> None:
        """Stop the parts side by side (a plain shutdown stops one after the other); each question wakes the loop."""
        self._call("stopAllProcesses", False)
        until = time.monotonic() + _STOP_S
        while any(one["pid"] for one in self._call("getAllProcessInfo")) and time.monotonic() < until:
            time.sleep(_POLL_S)

    def _call(self, name: str, *arguments: Any) -> Any:
        url = f"unix://{socket_path(self._layout)}"
        transport = SupervisorTransport(None, None, url)
        try:
            server = xmlrpc.client.ServerProxy("http://127.0.0.1", transport=transport)
            return getattr(server.supervisor, name)(*arguments)
        except _ERRORS as error:
            raise PeerUnavailable(f"the supervisor of {self._layout.home}: {error}", reason="supervisor") from error
        finally:
            transport.close()
