"""From 400 CT files to a model tensor: ours against pydicom + scipy and SimpleITK, in one run.

``python -m bench.volume --json`` writes a synthetic CTA into a temporary directory, runs the three alternated with
the files in the page cache and every import done, and prints one JSON document as its last line. Ours is what the
analyser awaits: ``DecodePool.volume``, that is the header scan, the reading and the way back from the worker. Peak
memory is what one run adds after imports in fresh processes of its own; for ours the worker and its parent together.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, Final

from bench import volume_peers
from bench.volume_data import SPACING_MM, voxels, write_series
from streams.dicom.pool import DecodePool
from triton_models.preprocessing.stroke import GRID as STROKE_GRID
from triton_models.volume import VolumeGrid

SLICES: Final = 400
SIDE: Final = 512
OURS: Final = "codestroke"
PEERS: Final[dict[str, Callable[[Sequence[Path], VolumeGrid], Any]]] = {
    "pydicom_scipy": volume_peers.pydicom_scipy,
    "simpleitk": volume_peers.simpleitk,
}


def main() -> None:
    """Parse the command line and run."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--json", action="store_true", help="print nothing but the JSON document")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--slices", type=int, default=SLICES)
    parser.add_argument("--memory-of", help=argparse.SUPPRESS)
    parser.add_argument("--folder", type=Path, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.memory_of:
        print(_added_peak_mb(options.memory_of, sorted(options.folder.glob("*.dcm"))))
        return
    with tempfile.TemporaryDirectory(prefix="codestroke-bench-") as folder:
        report = asyncio.run(_report(Path(folder), options.slices, options.rounds))
    if not options.json:
        for key, value in report.items():
            print(f"{key:>28}  {value}")
    print(json.dumps(report))


async def _report(folder: Path, slices: int, rounds: int) -> dict[str, Any]:
    volume = voxels(slices, SIDE, seed=7)
    files = write_series(folder, volume, seed=7)
    seconds, tensor = await _timed(files, rounds)
    error = abs(tensor - volume_peers.exact_area_mean(volume, SPACING_MM, STROKE_GRID)).max()
    memory = {name: _memory_in_child(name, folder) for name in (OURS, *PEERS)}
    medians = {name: statistics.median(values) for name, values in seconds.items()}
    return {
        "slices": slices,
        "grid": [int(n) for n in tensor.shape],
        "rounds": rounds,
        "seconds_median": {name: round(value, 4) for name, value in medians.items()},
        "seconds_min": {name: round(min(values), 4) for name, values in seconds.items()},
        "memory_mb": memory,
        "ratio_vs_pydicom": round(medians["pydicom_scipy"] / medians[OURS], 2),
        "ratio_vs_simpleitk": round(medians["simpleitk"] / medians[OURS], 2),
        "memory_ratio_vs_pydicom": round(memory["pydicom_scipy"] / memory[OURS], 2),
        "max_mean_hu_error": round(float(error), 6),
        "page_cache_read_s": round(_read_all(files), 4),
    }


async def _timed(files: Sequence[Path], rounds: int) -> tuple[dict[str, list[float]], Any]:
    """Wall seconds of each, alternated; the first round warms caches and imports and does not count."""
    pool = DecodePool()
    await pool.warm_up()
    seconds: dict[str, list[float]] = {name: [] for name in (OURS, *PEERS)}
    tensor = None
    for turn in range(rounds + 1):
        begin = time.perf_counter()
        tensor = (await pool.volume(files, STROKE_GRID, timeout_s=60)).hu
        taken = {OURS: time.perf_counter() - begin}
        for name, read in PEERS.items():
            begin = time.perf_counter()
            read(files, STROKE_GRID)
            taken[name] = time.perf_counter() - begin
        for name, value in taken.items() if turn else ():
            seconds[name].append(value)
    pool.close()
    return seconds, tensor


def _read_all(files: Sequence[Path]) -> float:
    """Seconds to read every byte once: the floor of any reader."""
    begin = time.perf_counter()
    for path in files:
        path.read_bytes()
    return time.perf_counter() - begin


def _memory_in_child(name: str, folder: Path) -> float:
    environment = {**os.environ, "OPENBLAS_NUM_THREADS": "1"}
    command = [sys.executable, "-m", "bench.volume", "--memory-of", name, "--folder", str(folder)]
    answer = subprocess.run(command, check=True, capture_output=True, text=True, env=environment)
    return float(answer.stdout.split()[-1])


def _added_peak_mb(name: str, files: Sequence[Path]) -> float:
    """Peak resident memory (MiB) that one run adds once everything is imported; ours counts parent and worker."""
    import scipy.ndimage  # noqa: F401 - imports are paid before the baseline
    import SimpleITK  # noqa: F401

    if name == OURS:
        return asyncio.run(_added_by_pool_mb(files))
    with _Peak(os.getpid()) as peak:
        PEERS[name](files, STROKE_GRID)
    return round(peak.added_mb, 1)


async def _added_by_pool_mb(files: Sequence[Path]) -> float:
    pool = DecodePool(workers=1)
    await pool.warm_up()
    with _Peak(os.getpid()) as parent, _Peak(await pool.worker_pid()) as child:
        await pool.volume(files, STROKE_GRID, timeout_s=60)
    pool.close()
    return round(parent.added_mb + child.added_mb - parent.shared_mb, 1)  # one memory, mapped by both


class _Peak:
    """How far a process's resident memory rises within the ``with`` block (Linux), MiB."""

    def __init__(self, pid: int) -> None:
        self._folder = Path(f"/proc/{pid}")
        self.added_mb = self.shared_mb = 0.0

    def __enter__(self) -> _Peak:
        # The kernel's own peak, reset here: getrusage's peak survives exec and would show the parent's.
        (self._folder / "clear_refs").write_text("5")
        self._before = self._field("VmRSS")
        return self

    def __exit__(self, *failure: object) -> None:
        self.added_mb = self._field("VmHWM") - self._before
        self.shared_mb = self._field("RssShmem")

    def _field(self, name: str) -> float:
        lines = (self._folder / "status").read_text().splitlines()
        return next(int(line.split()[1]) / 1024 for line in lines if line.startswith(name + ":"))


if __name__ == "__main__":
    main()
