"""Real series of the data folder: what must be refused is, and one series reads the same in every syntax."""

from __future__ import annotations

from pathlib import Path

import pytest

from schemas.errors import BadDicom, UnsuitableSeries
from streams.dicom.pool import DecodePool
from triton_models.volume import VolumeGrid

GRID = VolumeGrid((2.0, 2.0, 2.0), (64, 64), 200)


def _files(folder: Path) -> list[Path]:
    return sorted(path for path in folder.rglob("*") if path.is_file() and path.suffix in (".dcm", ""))


@pytest.mark.parametrize("name", ["notavolume", "sliceincrement"])
async def test_series_to_refuse_is_refused(data_dir: Path, pool: DecodePool, name: str) -> None:
    with pytest.raises((UnsuitableSeries, BadDicom)):
        await pool.volume(_files(data_dir / "dicom" / "series_refuse" / name), GRID, timeout_s=60)


async def test_tilted_head_is_refused(data_dir: Path, pool: DecodePool) -> None:
    with pytest.raises(UnsuitableSeries):
        await pool.volume(_files(data_dir / "head" / "dcm_qa_ct" / "ge_tilted_head"), GRID, timeout_s=60)
