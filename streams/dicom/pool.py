"""The decode pool: images are opened only inside worker processes that can be killed.

The analyser awaits ``volume`` and ``radiograph``; the time-out is what its budget leaves. A worker that hangs is killed
and replaced, one that dies costs its task alone. Workers are forked from a clean server process that has the readers
imported, so a replacement is there within a tenth of a second; ``warm_up`` pays the first start ahead of time.
"""

from __future__ import annotations

import asyncio
import multiprocessing
import os
from collections.abc import Callable, Sequence
from concurrent.futures.process import BrokenProcessPool
from pathlib import Path
from typing import Any, Final, TypeVar

from pebble import ProcessExpired, ProcessPool

from schemas.errors import BadDicom, BudgetExhausted, PeerUnavailable
from streams.dicom import limits, worker
from streams.dicom.mapping import DECODER_KILLED, MappingStore
from triton_models.volume import FilmGrid, Radiograph, Volume, VolumeGrid

_T = TypeVar("_T")
WORKERS: Final = 2
HARD_LIMIT_S: Final = 60.0
"""No image of ours takes this long to decode; a task that does is treated as built to hang."""
_CPU_FACTOR: Final = 3.0
"""CPU time allowed per second of wall time: two reading threads and some slack."""
_TASKS_PER_WORKER: Final = 500
_VOXEL_BYTES: Final = 4
_HOLD_S: Final = 0.2


class DecodePool:
    """A few warm decode workers; one pool per analyser process."""

    def __init__(
        self, *, workers: int = WORKERS, memory_bytes: int = limits.MEMORY_BYTES, hard_limit_s: float = HARD_LIMIT_S
    ) -> None:
        self._workers, self._memory_bytes, self._hard_limit_s = workers, memory_bytes, hard_limit_s
        self._pool: ProcessPool | None = None
        self._starting = asyncio.Lock()
        self._mappings = MappingStore()

    async def warm_up(self, *, timeout_s: float = 30.0) -> None:
        """Start the workers and wait until each could answer.

        Raises:
            BudgetExhausted: they did not come up in time.
        """
        await asyncio.gather(*(self._run(worker.ready, (_HOLD_S,), timeout_s) for _ in range(self._workers)))

    async def volume(self, source_files: Sequence[Path], grid: VolumeGrid, *, timeout_s: float) -> Volume:
        """Read the files of one CT series onto ``grid``.

        Raises:
            BadDicom: an instance cannot be read, or the decoder died of it.
            UnsuitableSeries: the series is not one regular axial stack.
            BudgetExhausted: ``timeout_s`` passed; the worker was killed.
        """
        shape = (grid.max_slices, *grid.shape_yx)
        with self._mappings.borrow(shape[0] * shape[1] * shape[2] * _VOXEL_BYTES) as mapping:
            arguments = (mapping.name, list(source_files), grid, self._cpu_s(timeout_s))
            facts, slices = await self._run(worker.volume_into, arguments, timeout_s)
            voxels = mapping.copy((slices, *grid.shape_yx))
        return Volume(voxels, facts.spacing_mm, facts.origin_lps_mm, facts.source_spacing_mm, facts.source_slices)

    async def radiograph(self, path: Path, grid: FilmGrid, *, timeout_s: float) -> Radiograph:
        """Read one film onto ``grid``; errors as ``volume``."""
        return await self._run(worker.radiograph, (path, grid, self._cpu_s(timeout_s)), timeout_s)

    async def worker_pid(self, *, timeout_s: float = 5.0) -> int:
        """Process id of a worker that is free now, for those who watch its memory."""
        return await self._run(worker.ready, (0.0,), timeout_s)

    def close(self) -> None:
        """Kill the workers and whatever they are doing."""
        if self._pool is not None:
            self._pool.stop()
            self._pool.join()
            self._pool = None
        self._mappings.close()

    def _cpu_s(self, timeout_s: float) -> float:
        return _CPU_FACTOR * min(timeout_s, self._hard_limit_s) + 1.0

    async def _run(self, function: Callable[..., _T], arguments: tuple[Any, ...], timeout_s: float) -> _T:
        """Run ``function`` in a worker and translate what pebble raises."""
        if timeout_s <= 0:
            raise BudgetExhausted("no time left to decode")
        limit_s = min(timeout_s, self._hard_limit_s)
        try:
            future = (await self._live_pool()).schedule(function, args=arguments, timeout=limit_s)
            # Cancelling the wrapped future kills the worker, so waiting in the queue is bounded as well.
            async with asyncio.timeout(timeout_s):
                return await asyncio.wrap_future(future)
        except TimeoutError:
            if limit_s < timeout_s:
                raise BadDicom(f"decoder killed: no result within {limit_s:g} s", reason=DECODER_KILLED) from None
            raise BudgetExhausted(f"decoder killed: no result within {timeout_s:.1f} s") from None
        except ProcessExpired as error:
            raise BadDicom(f"decoder killed: worker ended with {error.exitcode}", reason=DECODER_KILLED) from None
        except BrokenProcessPool:
            raise PeerUnavailable("decode pool broke and is being restarted", reason="decode_pool") from None

    async def _live_pool(self) -> ProcessPool:
        """Give a running pool; starting one blocks for a second, which must not be the event loop's."""
        async with self._starting:
            if self._pool is None or not self._pool.active:
                await asyncio.to_thread(self.close)
                self._pool = await asyncio.to_thread(self._start)
            return self._pool

    def _start(self) -> ProcessPool:
        # Two threads of a worker share two cores already; BLAS threads on top would only fight them.
        os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
        context = multiprocessing.get_context("forkserver")
        context.set_forkserver_preload(["streams.dicom.worker"])
        pool = ProcessPool(
            max_workers=self._workers,
            max_tasks=_TASKS_PER_WORKER,
            initializer=limits.start_worker,
            initargs=(self._memory_bytes,),
            context=context,
        )
        if not pool.active:  # asking also starts the workers
            raise PeerUnavailable("decode pool does not start", reason="decode_pool")
        return pool
