"""A file mapping that carries a volume from the decode worker to its parent without a copy.

``pool.py`` owns it: the file is gone when the ``with`` block ends, whatever became of the worker, and the memory lives
as long as the array that was taken from it. 16 MB through a pipe would be copied four times.
"""

from __future__ import annotations

import mmap
import os
import tempfile
from pathlib import Path
from typing import Final

import numpy as np

from streams.dicom.resample import Float32

_MEMORY_DIRECTORY: Final = Path("/dev/shm")  # noqa: S108 - the kernel's shared memory, file names are unguessable


class Mapping:
    """A reserved file of a fixed size, in shared memory where there is room, else in the temporary directory."""

    def __init__(self, size: int) -> None:
        self._size = size
        self.path = Path()

    def __enter__(self) -> Mapping:
        """Reserve the file, so that running out of room is an error here and not a crash in the worker."""
        try:
            self.path = _reserve(self._size, _MEMORY_DIRECTORY)
        except OSError:
            self.path = _reserve(self._size, None)
        return self

    def __exit__(self, *failure: object) -> None:
        """Remove the file; arrays already taken stay valid."""
        self.path.unlink(missing_ok=True)

    def array(self, shape: tuple[int, int, int]) -> Float32:
        """Take the first cells as an array of ``shape``."""
        with self.path.open("r+b") as file:
            memory = mmap.mmap(file.fileno(), self._size)
        return np.frombuffer(memory, np.float32, int(np.prod(shape))).reshape(shape)


def _reserve(size: int, directory: Path | None) -> Path:
    descriptor, name = tempfile.mkstemp(prefix="codestroke-volume-", dir=directory)
    try:
        os.posix_fallocate(descriptor, 0, size)
    except OSError:
        Path(name).unlink()
        raise
    finally:
        os.close(descriptor)
    return Path(name)
