"""The volume is the exact area mean, and its axes and origin are the patient's, however the scanner wrote it."""

from __future__ import annotations

import itertools
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from bench.volume_peers import exact_area_mean
from schemas.errors import BadDicom, UnsuitableSeries
from streams.dicom.volume import read_volume
from tests.streams.dicom.builders import image, noise, save, series
from triton_models.volume import PAD_HU, VolumeGrid

UNIT = VolumeGrid((1.0, 1.0, 1.0), (12, 16), 40)


@pytest.mark.parametrize(
    ("spacing", "shape"),
    [((1.5, 1.45, 1.3), (20, 30)), ((0.4, 0.7, 0.3), (25, 40)), ((5.0, 3.3, 9.0), (7, 3)), ((1.0, 1.0, 1.0), (64, 70))],
)
def test_every_voxel_is_the_exact_area_mean(tmp_path: Path, spacing: tuple[float, ...], shape: tuple[int, int]) -> None:
    volume = noise((11, 40, 48))
    grid = VolumeGrid((spacing[0], spacing[1], spacing[2]), shape, 100)
    files = series(tmp_path, volume, step_mm=0.8, PixelSpacing=[0.9, 1.1])
    result = read_volume(files, grid)
    expected = exact_area_mean(volume, (0.8, 0.9, 1.1), grid)
    assert result.hu.dtype == np.float32
    assert result.hu.shape == expected.shape
    assert abs(result.hu - expected).max() < 0.01


def test_rescale_is_applied_per_slice(tmp_path: Path) -> None:
    files = [
        save(
            image(np.full((12, 16), 100, np.int16), (0, 0, z), RescaleSlope=z + 1, RescaleIntercept=-z),
            tmp_path / f"{z}",
        )
        for z in range(3)
    ]
    assert read_volume(files, UNIT).hu[:, 0, 0].tolist() == pytest.approx([100, 199, 298])


def test_voxels_outside_the_source_hold_air(tmp_path: Path) -> None:
    result = read_volume(series(tmp_path, np.zeros((3, 6, 6), np.int16)), UNIT)
    assert (result.hu[:, :3] == PAD_HU).all()
    assert (result.hu[:, 3:9, 5:11] == 0).all()
    assert (result.hu[:, :, 11:] == PAD_HU).all()


def test_at_most_max_slices_from_the_superior_end(tmp_path: Path) -> None:
    volume = np.arange(9, dtype=np.int16)[:, None, None] * np.ones((1, 12, 16), np.int16)
    result = read_volume(series(tmp_path, volume), VolumeGrid((1.0, 1.0, 1.0), (12, 16), 4))
    assert result.hu[:, 0, 0].tolist() == [5, 6, 7, 8]
    assert result.origin_lps_mm == pytest.approx((0, 0, 5))
    assert result.source_slices == 9


def _orientations() -> list[tuple[tuple[int, ...], tuple[int, ...]]]:
    """All eight ways in which rows and columns can run along the patient's x and y axes."""
    x, y = np.eye(3, dtype=int)[:2]
    signs = list(itertools.product((1, -1), repeat=2))
    pairs = [(a * x, b * y) for a, b in signs] + [(a * y, b * x) for a, b in signs]
    return [(tuple(map(int, row)), tuple(map(int, column))) for row, column in pairs]


@pytest.mark.parametrize(("row", "column"), _orientations())
@pytest.mark.parametrize("descending", [False, True], ids=["head first", "feet first"])
def test_axes_are_superior_posterior_left(
    tmp_path: Path, row: tuple[int, ...], column: tuple[int, ...], descending: bool
) -> None:
    """A marked voxel of known LPS position is found where ``origin + index * spacing`` says, for every orientation."""
    heads, spacing = np.array(row), (1.5, 0.5)
    volume = np.zeros((5, 14, 18), np.int16)
    volume[3, 2, 11] = 1000
    corner = np.array([10.0, -20.0, 30.0])
    files = []
    for z, pixels in enumerate(volume):
        position = corner + np.array([0, 0, -2.0 * z if descending else 2.0 * z])
        tags: dict[str, Any] = {"ImageOrientationPatient": [*row, *column], "PixelSpacing": list(spacing)}
        files.append(save(image(pixels, tuple(position), **tags), tmp_path / f"{z}.dcm"))
    marked = corner + heads * 11 * spacing[1] + np.array(column) * 2 * spacing[0] + [0, 0, -6.0 if descending else 6.0]
    x_mm, y_mm = (spacing[1], spacing[0]) if row[0] else (spacing[0], spacing[1])
    size = (14, 18) if row[0] else (18, 14)
    result = read_volume(files, VolumeGrid((2.0, y_mm, x_mm), size, 40))
    index = np.array(np.unravel_index(int(result.hu.argmax()), result.hu.shape))
    found = np.array(result.origin_lps_mm) + index[::-1] * [x_mm, y_mm, 2.0]
    assert result.hu.max() == 1000
    assert found == pytest.approx(marked)
    assert result.source_spacing_mm == pytest.approx((2.0, y_mm, x_mm))


def test_pixel_padding_counts_as_air(tmp_path: Path) -> None:
    volume = np.zeros((2, 12, 16), np.int16)
    volume[:, 0, :] = -2000
    result = read_volume(series(tmp_path, volume, PixelPaddingValue=-2000), UNIT)
    assert (result.hu[:, 0] == PAD_HU).all()
    assert (result.hu[:, 1] == 0).all()


def test_bits_above_bits_stored_are_cleared(tmp_path: Path) -> None:
    volume = np.full((2, 12, 16), 0x7000 | 5, np.int16)
    files = series(tmp_path, volume, BitsStored=12, HighBit=11)
    assert (read_volume(files, UNIT).hu == 5).all()


def test_exact_duplicates_are_dropped_and_different_ones_refused(tmp_path: Path) -> None:
    files = series(tmp_path, noise((3, 12, 16)))
    copy = tmp_path / "copy.dcm"
    copy.write_bytes(files[0].read_bytes())
    assert read_volume([*files, copy], UNIT).source_slices == 3
    copy.write_bytes(files[0].read_bytes()[:-2] + b"\1\1")
    with pytest.raises(BadDicom, match="one SOPInstanceUID"):
        read_volume([*files, copy], UNIT)


@pytest.mark.parametrize(
    ("tags", "reason"),
    [
        ({"Modality": "MR"}, "modality"),
        ({"PhotometricInterpretation": "YBR_FULL"}, "photometric"),
        ({"PhotometricInterpretation": "PALETTE COLOR"}, "photometric"),
    ],
)
def test_what_is_not_ct_is_refused(tmp_path: Path, tags: dict[str, Any], reason: str) -> None:
    with pytest.raises((BadDicom, UnsuitableSeries)) as caught:
        read_volume(series(tmp_path, noise((3, 12, 16)), **tags), UNIT)
    assert caught.value.reason == reason


def test_too_many_files_are_refused_unread(tmp_path: Path) -> None:
    with pytest.raises(UnsuitableSeries, match="5001 files"):
        read_volume([tmp_path / "absent"] * 5001, UNIT)
