"""Shared memory that carries volumes from decode workers to their parent: a pipe would copy 16 MB four times.

``pool.py`` owns the store. Mappings are kept and used again, because fresh pages cost more than the copy out of old
ones (measured: 16 ms of page faults against 3 ms for 16 MB). One that a killed worker may still write to is thrown
away. The memory is an anonymous file of the parent, so nothing is left behind however the parent ends.
"""

from __future__ import annotations

import contextlib
import itertools
import mmap
import os
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np

from schemas.errors import PeerUnavailable, PermanentError
from streams.dicom.resample import Float32

DECODER_KILLED: Final = "decoder_killed"
"""Reason of the one permanent error that the worker did not give itself."""
_PROC: Final = Path("/proc")
_serials = itertools.count()


@dataclass(frozen=True, slots=True)
class MappingName:
    """How a worker opens a mapping; ``serial`` tells apart files that had one path after each other."""

    path: Path
    serial: int

    def open(self) -> mmap.mmap:
        """Map the file into this process."""
        with self.path.open("r+b") as file:
            return mmap.mmap(file.fileno(), 0)


class Mapping:
    """A reserved and mapped file of a fixed size."""

    def __init__(self, size: int) -> None:
        self.size = size
        self._descriptor, path = _reserve(size)
        self.name = MappingName(path, next(_serials))
        self._memory = mmap.mmap(self._descriptor, size)

    def copy(self, shape: tuple[int, int, int]) -> Float32:
        """Copy the first cells out as an array of ``shape``."""
        return np.frombuffer(self._memory, np.float32, int(np.prod(shape))).reshape(shape).copy()

    def close(self) -> None:
        """Give the memory back."""
        self._memory.close()
        os.close(self._descriptor)
        if not self.name.path.is_relative_to(_PROC):
            self.name.path.unlink(missing_ok=True)


class MappingStore:
    """Mappings that wait for their next use."""

    def __init__(self) -> None:
        self._free: list[Mapping] = []

    @contextlib.contextmanager
    def borrow(self, size: int) -> Iterator[Mapping]:
        """Lend a mapping of ``size`` bytes; it comes back unless a worker may still write to it."""
        mapping = next((free for free in self._free if free.size == size), None)
        if mapping is None:
            mapping = Mapping(size)
        else:
            self._free.remove(mapping)
        reusable = False
        try:
            yield mapping
            reusable = True
        except PermanentError as error:
            reusable = error.reason != DECODER_KILLED
            raise
        finally:
            if reusable:
                self._free.append(mapping)
            else:
                mapping.close()

    def close(self) -> None:
        """Remove all waiting mappings."""
        while self._free:
            self._free.pop().close()


def _reserve(size: int) -> tuple[int, Path]:
    """Make a file whose space is really there, since running out must fail here and not crash a worker.

    Where the system has no files without a name, it lies in the temporary directory.

    Raises:
        PeerUnavailable: there is no room.
    """
    if hasattr(os, "memfd_create"):
        descriptor = os.memfd_create("codestroke-volume")
        path = _PROC / str(os.getpid()) / "fd" / str(descriptor)
    else:
        descriptor, name = tempfile.mkstemp(prefix="codestroke-volume-")
        path = Path(name)
    try:
        os.posix_fallocate(descriptor, 0, size)
    except OSError as error:
        os.close(descriptor)
        raise PeerUnavailable(f"no shared memory for a volume ({error.strerror})", reason="no_memory") from None
    return descriptor, path
