"""Decides who runs PostgreSQL, and where that user can reach its files.

PostgreSQL refuses to run as root. Where we are root (continuous integration, containers) it runs as an existing
unprivileged user, who often may not enter the folders above our environment or home; then a copy of the binaries
and the data live under ``/var/lib/codestroke``. Called by ``postgres.py``; must not change modes
of what it did not make.
"""

from __future__ import annotations

import os
import pwd
import stat
from pathlib import Path

from schemas.errors import BadSettings

_CANDIDATES = ("postgres", "nobody")
_SHARED_ROOT = Path("/var/lib/codestroke")


def unprivileged_user() -> str | None:
    """The user that PostgreSQL must run as, or None to stay who we are. Raises BadSettings if there is none."""
    if os.geteuid() != 0:
        return None
    for name in _CANDIDATES:
        try:
            if pwd.getpwnam(name).pw_uid != 0:
                return name
        except KeyError:
            continue
    raise BadSettings(f"PostgreSQL refuses root, and none of the users {_CANDIDATES} exists", reason="no_user")


def others_may_enter(folder: Path) -> bool:
    """Whether a user who owns nothing of it may reach ``folder`` (its existing part) and read it."""
    existing = folder.resolve()
    while not existing.exists():
        existing = existing.parent
    ancestors = [existing, *existing.parents]
    return all(path.stat().st_mode & stat.S_IXOTH for path in ancestors) and bool(
        existing.stat().st_mode & stat.S_IROTH
    )


def reachable(folder: Path, user: str | None, *, instead: str) -> Path:
    """``folder``, or ``instead`` under the shared root if ``user`` could not reach it.

    A folder that is the user's own already is private to them: then the way to it decides, as it did when it was made.
    """
    if user is None or others_may_enter(folder.parent if _belongs_to(folder, user) else folder):
        return folder
    _SHARED_ROOT.mkdir(parents=True, exist_ok=True)
    _SHARED_ROOT.chmod(0o755)
    return _SHARED_ROOT / instead


def _belongs_to(folder: Path, user: str) -> bool:
    return folder.exists() and folder.stat().st_uid == pwd.getpwnam(user).pw_uid


def own(folder: Path, user: str | None) -> None:
    """Make ``folder`` if it is missing, as a private folder of ``user`` (or ours)."""
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    if user is not None:
        entry = pwd.getpwnam(user)
        os.chown(folder, entry.pw_uid, entry.pw_gid)


def open_to_all(tree: Path) -> None:
    """Let everybody read what lies under ``tree`` and run what its owner may run, whatever our umask was."""
    for path in (tree, *tree.rglob("*")):
        if path.is_symlink():
            continue
        mode = path.stat().st_mode
        path.chmod(mode | 0o044 | (0o011 if mode & stat.S_IXUSR else 0))
