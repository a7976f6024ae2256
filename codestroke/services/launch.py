"""Becomes a part: the small step between the supervisor and the real server process.

The supervisor runs ``python -I launch.py SPEC.json``. This file notes its process id, gives up root where the
specification says so, asks the kernel to be signalled when the supervisor dies, and then *becomes* the server
(exec), so that the supervisor's process id is the server's. Standard library only; imports nothing of ours,
since the user it becomes may not be able to read our packages.
"""

from __future__ import annotations

import ctypes
import json
import os
import pwd
import sys
from typing import Any

_PR_SET_PDEATHSIG = 1  # linux/prctl.h


def die_with_parent(signal_number: int) -> None:
    """Ask Linux to send ``signal_number`` when the parent ends; elsewhere `up` sweeps leftovers by pid file."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal_number, 0, 0, 0)


def become_user(name: str) -> None:
    """Drop root for good in favour of the existing user ``name``."""
    user = pwd.getpwnam(name)
    os.setgroups([])
    os.setgid(user.pw_gid)
    os.setuid(user.pw_uid)


def main(spec_path: str) -> None:
    """Read the specification and become the server it names; returns only by an exception."""
    with open(spec_path, encoding="utf-8") as file:
        spec: dict[str, Any] = json.load(file)
    parent = os.getppid()
    with open(spec["pid_file"], "w", encoding="utf-8") as file:
        file.write(f"{os.getpid()}\n")
    os.chdir(spec["cwd"])
    if spec.get("user"):
        become_user(spec["user"])
    die_with_parent(spec["death_signal"])  # after the change of user, which would clear it
    if os.getppid() != parent:
        sys.exit("the supervisor ended while this part was starting")
    os.execve(spec["argv"][0], spec["argv"], spec["env"])  # noqa: S606 - no shell is the point


if __name__ == "__main__":
    main(sys.argv[1])
