"""Hostile files end quickly in a named error, and the next study is read as if nothing was."""

from __future__ import annotations

import time
from pathlib import Path

import numpy as np
import pytest

from schemas.errors import BadDicom, UnsuitableSeries
from streams.dicom.pool import DecodePool
from tests.streams.dicom import hostile
from tests.streams.dicom.builders import image, save
from triton_models.volume import VolumeGrid

GRID = VolumeGrid((1.0, 1.0, 1.0), (16, 16), 8)
QUICKLY_S = 10.0


def _second_slice(folder: Path) -> Path:
    return save(image(hostile.PIXELS, (0, 0, 1)), folder / "second.dcm")


@pytest.mark.parametrize("name", hostile.BAD)
async def test_bad_file_is_refused_quickly(tmp_path: Path, pool: DecodePool, name: str) -> None:
    bad = hostile.BAD[name](tmp_path / "bad.dcm")
    begin = time.monotonic()
    with pytest.raises((BadDicom, UnsuitableSeries)):
        await pool.volume([bad, _second_slice(tmp_path)], GRID, timeout_s=60)
    assert time.monotonic() - begin < QUICKLY_S


@pytest.mark.parametrize("name", hostile.ODD_BUT_FINE)
async def test_odd_file_is_read(tmp_path: Path, pool: DecodePool, name: str) -> None:
    odd = hostile.ODD_BUT_FINE[name](tmp_path / "odd.dcm")
    volume = await pool.volume([odd, _second_slice(tmp_path)], GRID, timeout_s=60)
    assert np.array_equal(volume.hu[0], hostile.PIXELS)


async def test_big_endian_goes_through_pydicom(tmp_path: Path, pool: DecodePool) -> None:
    files = [hostile.as_big_endian(tmp_path / f"{z}.dcm", z) for z in range(2)]
    volume = await pool.volume(files, GRID, timeout_s=60)
    assert np.array_equal(volume.hu[1], hostile.PIXELS)


async def test_the_pool_still_reads_after_all_that(tmp_path: Path, pool: DecodePool) -> None:
    first = save(image(hostile.PIXELS, (0, 0, 0)), tmp_path / "first.dcm")
    volume = await pool.volume([first, _second_slice(tmp_path)], GRID, timeout_s=60)
    assert np.array_equal(volume.hu[0], hostile.PIXELS)
