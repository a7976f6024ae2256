"""A decode that hangs, dies or eats memory costs its own task; the pool stays."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import AsyncIterator
from pathlib import Path

import numpy as np
import pytest

from schemas.errors import BadDicom, BudgetExhausted, PeerUnavailable, UnsuitableSeries
from streams.dicom import pool as pool_module
from streams.dicom import worker
from streams.dicom.mapping import Mapping, MappingStore
from streams.dicom.pool import DecodePool
from streams.dicom.volume import read_volume
from tests.streams.dicom.builders import noise, series
from triton_models.volume import VolumeGrid

GRID = VolumeGrid((1.3, 1.4, 1.5), (20, 22), 30)


def _hang(seconds: float) -> None:
    time.sleep(seconds)


def _die() -> None:
    os.kill(os.getpid(), signal.SIGSEGV)


def _eat_memory() -> int:
    return worker._translated(lambda: np.zeros(3 * 1024**3, np.uint8).size)


def _spin() -> None:
    from streams.dicom.limits import allow_cpu

    allow_cpu(1.0)
    while True:
        pass


@pytest.fixture
async def small_pool() -> AsyncIterator[DecodePool]:
    running = DecodePool(workers=1, memory_bytes=2 * 1024**3, hard_limit_s=3.0)
    await running.warm_up()
    yield running
    running.close()


async def test_volume_is_the_same_as_without_a_pool(tmp_path: Path, pool: DecodePool) -> None:
    files = series(tmp_path, noise((9, 30, 32)))
    direct, pooled = read_volume(files, GRID), await pool.volume(files, GRID, timeout_s=30)
    assert np.array_equal(direct.hu, pooled.hu)
    assert direct.origin_lps_mm == pooled.origin_lps_mm
    assert direct.source_slices == pooled.source_slices == 9


async def test_volumes_outlive_the_next_one(tmp_path: Path, pool: DecodePool) -> None:
    files = series(tmp_path, noise((9, 30, 32)))
    first = await pool.volume(files, GRID, timeout_s=30)
    copy = first.hu.copy()
    await pool.volume(files, GRID, timeout_s=30)
    assert np.array_equal(first.hu, copy)


async def test_reasons_survive_the_way_back(tmp_path: Path, pool: DecodePool) -> None:
    with pytest.raises(UnsuitableSeries, match="two slices") as caught:
        await pool.volume(series(tmp_path, noise((1, 8, 8))), GRID, timeout_s=30)
    assert caught.value.reason == "one_slice"


async def test_missing_file_is_transient(tmp_path: Path, pool: DecodePool) -> None:
    with pytest.raises(PeerUnavailable, match="image spool"):
        await pool.volume([tmp_path / "gone.dcm"], GRID, timeout_s=30)


async def test_mappings_are_used_again(tmp_path: Path, small_pool: DecodePool) -> None:
    files = series(tmp_path, noise((9, 30, 32)))
    for _ in range(3):
        await small_pool.volume(files, GRID, timeout_s=3)
    with pytest.raises(UnsuitableSeries):
        await small_pool.volume(files[:1], GRID, timeout_s=3)
    assert len(small_pool._mappings._free) == 1


async def test_a_mapping_that_a_killed_worker_held_is_thrown_away(small_pool: DecodePool) -> None:
    with pytest.raises(BudgetExhausted), small_pool._mappings.borrow(4096):
        await small_pool._run(_hang, (60.0,), 0.2)
    assert small_pool._mappings._free == []


def test_a_mapping_of_another_size_is_another_mapping() -> None:
    store = MappingStore()
    with store.borrow(4096) as first:
        pass
    with store.borrow(8192) as second, store.borrow(4096) as third:
        assert third is first
        assert second.name != first.name
    store.close()
    assert store._free == []


def test_a_recycled_path_is_not_taken_for_the_old_mapping() -> None:
    names = set()
    for _ in range(3):
        mapping = Mapping(4096)
        names.add(mapping.name)
        mapping.close()
    assert len(names) == 3


async def test_time_out_kills_the_worker_and_the_next_task_runs(tmp_path: Path, small_pool: DecodePool) -> None:
    begin = time.monotonic()
    with pytest.raises(BudgetExhausted, match="decoder killed"):
        await small_pool._run(_hang, (60.0,), 0.5)
    files = series(tmp_path, noise((9, 30, 32)))
    assert (await small_pool.volume(files, GRID, timeout_s=3)).source_slices == 9
    assert time.monotonic() - begin < 4


async def test_hanging_beyond_the_hard_limit_is_bad_dicom(small_pool: DecodePool) -> None:
    with pytest.raises(BadDicom, match="decoder killed"):
        await small_pool._run(_hang, (60.0,), 50.0)


async def test_dying_worker_costs_its_task_alone(tmp_path: Path, small_pool: DecodePool) -> None:
    with pytest.raises(BadDicom, match="worker ended"):
        await small_pool._run(_die, (), 3.0)
    assert (await small_pool.volume(series(tmp_path, noise((9, 30, 32))), GRID, timeout_s=3)).source_slices == 9


async def test_memory_limit_holds(small_pool: DecodePool) -> None:
    with pytest.raises(BadDicom, match="memory limit"):
        await small_pool._run(_eat_memory, (), 3.0)


async def test_cpu_limit_holds(small_pool: DecodePool) -> None:
    with pytest.raises(BadDicom, match="decoder killed"):
        await small_pool._run(_spin, (), 30.0)


async def test_killed_idle_worker_does_not_break_the_pool(tmp_path: Path, small_pool: DecodePool) -> None:
    os.kill(await small_pool._run(worker.ready, (0.0,), 3.0), signal.SIGKILL)
    files = series(tmp_path, noise((9, 30, 32)))
    for _ in range(20):
        try:
            assert (await small_pool.volume(files, GRID, timeout_s=3)).source_slices == 9
            return
        except PeerUnavailable:
            continue
    pytest.fail("the pool did not come back")


async def test_no_time_left_is_said_at_once(small_pool: DecodePool) -> None:
    with pytest.raises(BudgetExhausted):
        await small_pool.volume([], GRID, timeout_s=0)


def test_cpu_allowance_follows_the_time_out() -> None:
    small = DecodePool(hard_limit_s=10)
    assert small._cpu_s(4) == pool_module._CPU_FACTOR * 4 + 1
    assert small._cpu_s(400) == pool_module._CPU_FACTOR * 10 + 1


def test_no_room_for_a_volume_is_transient(monkeypatch: pytest.MonkeyPatch) -> None:
    def full(descriptor: int, offset: int, size: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "posix_fallocate", full)
    with pytest.raises(PeerUnavailable, match="No space left"):
        Mapping(4096)


def test_without_anonymous_files_the_temporary_directory_serves(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delattr(os, "memfd_create")
    mapping = Mapping(4096)
    path = mapping.name.path
    assert path.exists()
    mapping.close()
    assert not path.exists()
