"""What runs inside a decode worker: the readers, under limits, with every failure brought into our own errors.

``pool.py`` schedules these functions in a process that it may kill at any moment; so they leave nothing behind but
bytes in a mapping that the parent owns. Results of film size come back through the pipe, volumes through the mapping.
"""

from __future__ import annotations

import mmap
import os
import time
import zlib
from collections.abc import Callable, Sequence
from functools import lru_cache
from pathlib import Path
from typing import Final, TypeVar

import numpy as np

from schemas.errors import BadDicom
from streams.dicom.fallback import PARSER_FAILURES
from streams.dicom.limits import allow_cpu
from streams.dicom.mapping import MappingName
from streams.dicom.radiograph import read_radiograph
from streams.dicom.resample import Float32
from streams.dicom.volume import read_volume
from triton_models.volume import FilmGrid, Radiograph, Volume, VolumeGrid

_T = TypeVar("_T")
_FAILURES: Final = (*PARSER_FAILURES, OSError, zlib.error, BufferError)
_EMPTY: Final = np.empty((0, 0, 0), np.float32)


def ready(hold_s: float) -> int:
    """Answer with the process id once everything is imported, busy for ``hold_s`` so that the next worker is asked."""
    time.sleep(hold_s)
    return os.getpid()


def volume_into(mapping: MappingName, files: Sequence[Path], grid: VolumeGrid, cpu_s: float) -> tuple[Volume, int]:
    """Read a volume, its voxels into ``mapping``.

    Returns:
        The volume without its voxels, and the number of its slices.

    Raises:
        BadDicom: an instance cannot be read, or reading it broke a limit.
        UnsuitableSeries: the geometry is refused.
    """
    allow_cpu(cpu_s)

    def read() -> tuple[Volume, int]:
        volume = read_volume(files, grid, allocate=lambda shape: _mapped(mapping, shape))
        return _without_voxels(volume), len(volume.hu)

    return _translated(read)


def radiograph(path: Path, grid: FilmGrid, cpu_s: float) -> Radiograph:
    """Read a film; errors as ``volume_into``."""
    allow_cpu(cpu_s)
    return _translated(lambda: read_radiograph(path, grid))


def _translated(read: Callable[[], _T]) -> _T:
    try:
        return read()
    except MemoryError:
        raise BadDicom("decoder ran into its memory limit", reason="decoder_memory") from None
    except _FAILURES as error:
        raise BadDicom(f"decoder failed ({type(error).__name__})", reason="decoder_failed") from None


def _mapped(mapping: MappingName, shape: tuple[int, int, int]) -> Float32:
    return np.frombuffer(_memory(mapping), np.float32, int(np.prod(shape))).reshape(shape)


@lru_cache(maxsize=2)
def _memory(mapping: MappingName) -> mmap.mmap:
    """Keep the parent's mappings open, since it uses them again."""
    return mapping.open()


def _without_voxels(volume: Volume) -> Volume:
    return Volume(_EMPTY, volume.spacing_mm, volume.origin_lps_mm, volume.source_spacing_mm, volume.source_slices)
