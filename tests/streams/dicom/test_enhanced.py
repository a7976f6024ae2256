"""Enhanced multi-frame CT reads like the same slices in single files."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from pydicom.dataset import Dataset, FileDataset
from pydicom.sequence import Sequence

from schemas.errors import BadDicom, UnsuitableSeries
from streams.dicom.enhanced import ENHANCED_CT
from streams.dicom.volume import read_volume
from tests.streams.dicom.builders import AXIAL, image, noise, save, series
from triton_models.volume import VolumeGrid

GRID = VolumeGrid((1.5, 1.5, 1.5), (8, 8), 40)
PLANE = ("ImagePositionPatient", "ImageOrientationPatient", "PixelSpacing", "RescaleSlope", "RescaleIntercept")


def _item(**tags: Any) -> Dataset:
    dataset = Dataset()
    for keyword, value in tags.items():
        setattr(dataset, keyword, value)
    return dataset


def _enhanced(volume: Any, *, shared_rescale: bool = True) -> FileDataset:
    dataset = image(volume[0], (0, 0, 0), SOPClassUID=ENHANCED_CT, NumberOfFrames=len(volume))
    for keyword in PLANE:
        delattr(dataset, keyword)
    rescale = Sequence([_item(RescaleSlope=2, RescaleIntercept=-10)])
    shared = _item(
        PlaneOrientationSequence=Sequence([_item(ImageOrientationPatient=list(AXIAL))]),
        PixelMeasuresSequence=Sequence([_item(PixelSpacing=[1.0, 1.0])]),
    )
    frames = [
        _item(PlanePositionSequence=Sequence([_item(ImagePositionPatient=[0, 0, z])])) for z in range(len(volume))
    ]
    for holder in [shared] if shared_rescale else frames:
        holder.PixelValueTransformationSequence = rescale
    dataset.SharedFunctionalGroupsSequence = Sequence([shared])
    dataset.PerFrameFunctionalGroupsSequence = Sequence(frames)
    dataset.PixelData = volume.tobytes()
    return dataset


@pytest.mark.parametrize("shared_rescale", [True, False])
def test_frames_read_like_single_files(tmp_path: Path, shared_rescale: bool) -> None:
    volume = noise((6, 16, 16))
    single = read_volume(series(tmp_path, volume, RescaleSlope=2, RescaleIntercept=-10), GRID)
    path = save(_enhanced(volume, shared_rescale=shared_rescale), tmp_path / "enhanced")
    multi = read_volume([path], GRID)
    assert np.array_equal(single.hu, multi.hu)
    assert single.origin_lps_mm == multi.origin_lps_mm


def test_missing_functional_groups_are_refused(tmp_path: Path) -> None:
    dataset = _enhanced(noise((3, 16, 16)))
    del dataset.PerFrameFunctionalGroupsSequence
    with pytest.raises(BadDicom, match="functional groups"):
        read_volume([save(dataset, tmp_path / "e")], GRID)


def test_fewer_groups_than_frames_are_refused(tmp_path: Path) -> None:
    dataset = _enhanced(noise((3, 16, 16)))
    dataset.PerFrameFunctionalGroupsSequence = dataset.PerFrameFunctionalGroupsSequence[:2]
    with pytest.raises(BadDicom, match="2 functional groups for 3 frames"):
        read_volume([save(dataset, tmp_path / "e")], GRID)


def test_multi_frame_of_another_class_is_refused(tmp_path: Path) -> None:
    volume = noise((3, 16, 16))
    dataset = image(volume[0], (0, 0, 0), NumberOfFrames=3)
    dataset.PixelData = volume.tobytes()
    with pytest.raises(UnsuitableSeries, match="functional groups"):
        read_volume([save(dataset, tmp_path / "m")], GRID)
