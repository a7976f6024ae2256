"""A stack that is not one regular axial volume is refused with its reason, never interpolated over."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from pydicom.dataset import FileDataset

from schemas.errors import BadDicom, UnsuitableSeries
from streams.dicom import geometry
from streams.dicom.geometry import Stack, stack_of
from streams.dicom.scan import scan
from tests.streams.dicom.builders import image, noise, save, series

PIXELS = noise((8, 8))


def _stack(folder: Path, *positions: tuple[float, float, float], **tags: Any) -> Stack:
    files = [save(image(PIXELS, position, **tags), folder / f"{i}.dcm") for i, position in enumerate(positions)]
    return stack_of([scan(path) for path in files])


def _refused(folder: Path, *positions: tuple[float, float, float], **tags: Any) -> str:
    with pytest.raises((BadDicom, UnsuitableSeries)) as caught:
        _stack(folder, *positions, **tags)
    return caught.value.reason


def _at(*depths: float) -> list[tuple[float, float, float]]:
    return [(0.0, 0.0, depth) for depth in depths]


def test_slices_are_ordered_by_position_not_by_arrival(tmp_path: Path) -> None:
    stack = _stack(tmp_path, *_at(4, 0, 2))
    assert [header.position[2] for header in stack.slices] == [0, 2, 4]
    assert stack.spacing_mm == (2, 1, 1)


@pytest.mark.parametrize(
    ("depths", "reason"),
    [
        ((0,), "one_slice"),
        ((0, 1, 2, 4, 5), "missing_slice"),
        ((0, 1, 1, 2), "repeated_slice"),
        ((0, 0, 0), "repeated_slice"),
        ((0, 1, 2, 3.3, 4.3), "uneven_spacing"),
        ((0, 1, 2, 2.7, 3.7), "uneven_spacing"),
        ((0, 30, 60), "too_far_apart"),
    ],
)
def test_irregular_positions_are_refused(tmp_path: Path, depths: tuple[float, ...], reason: str) -> None:
    assert _refused(tmp_path, *_at(*depths)) == reason


def test_small_rounding_of_positions_is_accepted(tmp_path: Path) -> None:
    assert _stack(tmp_path, *_at(0, 0.62, 1.25, 1.87, 2.5)).spacing_mm[0] == pytest.approx(0.625)


def test_gantry_tilt_is_refused(tmp_path: Path) -> None:
    angle = math.radians(10)
    tilted = [1, 0, 0, 0, math.cos(angle), -math.sin(angle)]
    assert _refused(tmp_path, *_at(0, 1, 2), ImageOrientationPatient=tilted) == "tilted"


def test_oblique_slices_along_their_normal_are_accepted(tmp_path: Path) -> None:
    angle = math.radians(15)
    cosine, sine = math.cos(angle), math.sin(angle)
    positions = [(0.0, sine * step, cosine * step) for step in range(4)]
    stack = _stack(tmp_path, *positions, ImageOrientationPatient=[1, 0, 0, 0, cosine, -sine])
    assert stack.spacing_mm[0] == pytest.approx(1.0)


@pytest.mark.parametrize("orientation", [[1, 0, 0, 0, 0, -1], [0, 1, 0, 0, 0, -1]], ids=["coronal", "sagittal"])
def test_other_planes_are_refused(tmp_path: Path, orientation: list[float]) -> None:
    assert _refused(tmp_path, *_at(0, 1, 2), ImageOrientationPatient=orientation) == "not_axial"


@pytest.mark.parametrize("spacing", [[0, 1], [-1, 1], [1, 50]])
def test_impossible_pixel_spacing_is_refused(tmp_path: Path, spacing: list[float]) -> None:
    assert _refused(tmp_path, *_at(0, 1), PixelSpacing=spacing) == "bad_spacing"


@pytest.mark.parametrize("orientation", [[2, 0, 0, 0, 1, 0], [1, 0, 0, 1, 0, 0], [0, 0, 0, 0, 0, 0]])
def test_impossible_orientation_is_refused(tmp_path: Path, orientation: list[float]) -> None:
    assert _refused(tmp_path, *_at(0, 1), ImageOrientationPatient=orientation) == "bad_orientation"


@pytest.mark.parametrize("keyword", ["ImagePositionPatient", "ImageOrientationPatient", "PixelSpacing"])
def test_absent_plane_is_refused(tmp_path: Path, keyword: str) -> None:
    assert _refused(tmp_path, *_at(0, 1), **{keyword: None}) == "no_plane"


@pytest.mark.parametrize(
    ("keyword", "value", "reason"),
    [
        ("StudyInstanceUID", "1.2.3", "mixed_study"),
        ("PatientID", "SOMEBODY ELSE", "mixed_study"),
        ("SeriesInstanceUID", "1.2.3", "mixed_series"),
        ("ImageOrientationPatient", [0.99, 0.141, 0, -0.141, 0.99, 0], "mixed_orientation"),
        ("PixelSpacing", [1.1, 1.1], "mixed_spacing"),
    ],
)
def test_mixed_series_are_refused(tmp_path: Path, keyword: str, value: Any, reason: str) -> None:
    def edit(dataset: FileDataset) -> None:
        if dataset.InstanceNumber == 2:
            setattr(dataset, keyword, value)

    with pytest.raises((BadDicom, UnsuitableSeries)) as caught:
        stack_of([scan(path) for path in series(tmp_path, noise((4, 8, 8)), edit=edit)])
    assert caught.value.reason == reason


def test_mixed_sizes_are_refused(tmp_path: Path) -> None:
    files = [save(image(noise((8, 8 + z)), (0, 0, z)), tmp_path / f"{z}.dcm") for z in range(2)]
    with pytest.raises(UnsuitableSeries, match="Rows or Columns"):
        stack_of([scan(path) for path in files])


def test_too_many_slices_are_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(geometry, "MAX_SLICES", 3)
    assert _refused(tmp_path, *_at(0, 1, 2, 3)) == "too_many_slices"


def test_normal_points_to_superior(tmp_path: Path) -> None:
    stack = _stack(tmp_path, *_at(0, 1), ImageOrientationPatient=[-1, 0, 0, 0, 1, 0])
    assert np.array(stack.normal) == pytest.approx([0, 0, 1])
