"""The same seed gives the same bytes; what a reader sees is what the phantom is."""

from __future__ import annotations

from io import BytesIO
from pathlib import Path

import numpy as np
import pytest

from simulator.render import Order, render
from simulator.specs import AbdomenCt, ChestFilm, FilmModality, HeadCt, KneeCt, Spec
from streams.dicom.radiograph import read_radiograph
from streams.dicom.volume import read_volume
from triton_models.preprocessing import stroke
from triton_models.volume import FilmGrid, Volume

SPECS: list[Spec] = [HeadCt(), AbdomenCt(diameter_mm=60.0), ChestFilm(rows=160), KneeCt()]


def _bytes_of(order: Order) -> list[bytes]:
    found = []
    for instance in render(order):
        buffer = BytesIO()
        instance.save_as(buffer, enforce_file_format=True)
        found.append(buffer.getvalue())
    return found


def _written(spec: Spec, folder: Path) -> list[Path]:
    """The files of the main series: what is left without the localizer."""
    files = []
    for number, instance in enumerate(render(Order(seed=1, number=1, spec=spec))):
        if "LOCALIZER" not in instance.ImageType:
            files.append(folder / f"{number}.dcm")
            instance.save_as(files[-1], enforce_file_format=True)
    return files


def _head(spec: HeadCt, folder: Path) -> Volume:
    return read_volume(_written(spec, folder), stroke.GRID)


@pytest.mark.parametrize("spec", SPECS)
def test_same_seed_same_bytes(spec: Spec) -> None:
    order = Order(seed=5, number=2, spec=spec)
    assert _bytes_of(order) == _bytes_of(order)


def test_another_number_is_another_study() -> None:
    one, other = (next(render(Order(seed=5, number=n, spec=ChestFilm(rows=160)))) for n in (1, 2))
    assert one.StudyInstanceUID != other.StudyInstanceUID
    assert one.PixelData != other.PixelData


def test_head_is_read_as_a_head_with_contrast(tmp_path: Path) -> None:
    assert stroke.prepare(_head(HeadCt(), tmp_path)).refusal is None


def test_plain_head_is_refused_for_want_of_contrast(tmp_path: Path) -> None:
    refusal = stroke.prepare(_head(HeadCt(contrast=False), tmp_path)).refusal
    assert refusal is not None
    assert refusal.reason == "no contrast"


def test_head_has_air_above_and_bone_within(tmp_path: Path) -> None:
    volume = _head(HeadCt(), tmp_path)
    assert volume.hu[-1].max() < -500
    assert volume.hu.max() > 700


def test_plate_and_detector_look_the_same(tmp_path: Path) -> None:
    shown = []
    for modality in FilmModality:
        (tmp_path / modality).mkdir()
        (file,) = _written(ChestFilm(rows=256, modality=modality), tmp_path / modality)
        shown.append(read_radiograph(file, FilmGrid((128, 128))).pixels)
    assert np.abs(shown[0] - shown[1]).max() < 1e-3
    assert shown[0].std() > 0.1
