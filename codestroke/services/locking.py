"""Builds something in the cache once, even when several processes ask for it at the same time.

Called by everything that fills the cache. A build is complete when its marker file says so; a half-made one is
removed and made anew.
"""

from __future__ import annotations

import fcntl
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

_MARKER = ".complete"


@contextmanager
def exclusive(path: Path) -> Iterator[None]:
    """Hold an exclusive lock on the file ``path`` (made if missing)."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


def is_built(folder: Path) -> bool:
    """Whether ``folder`` was built to the end."""
    return (folder / _MARKER).exists()


def build_once(folder: Path, build: Callable[[Path], None]) -> Path:
    """Have ``build`` fill ``folder`` unless that was done before; returns ``folder``."""
    if is_built(folder):
        return folder
    with exclusive(folder.parent / f".{folder.name}.lock"):
        if not is_built(folder):
            shutil.rmtree(folder, ignore_errors=True)
            folder.mkdir(parents=True)
            build(folder)
            (folder / _MARKER).touch()
    return folder
