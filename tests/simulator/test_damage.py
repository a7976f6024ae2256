"""What a reader must make of each kind of damage."""

from __future__ import annotations

from pathlib import Path

import pytest
from pydicom.uid import JPEG2000Lossless

from schemas.errors import BadDicom, UnsuitableSeries
from simulator.render import Order, render
from simulator.specs import ChestFilm, Damage, HeadCt, KneeCt
from streams.dicom.volume import read_volume
from triton_models.volume import Volume, VolumeGrid

GRID = VolumeGrid(spacing_mm=(4.0, 4.0, 4.0), shape_yx=(32, 32), max_slices=40)
REFUSALS = {
    Damage.MISSING_SLICES: (UnsuitableSeries, "missing_slice"),
    Damage.REPEATED_SLICES: (UnsuitableSeries, "repeated_slice"),
    Damage.MIXED_SPACING: (UnsuitableSeries, "mixed_spacing"),
    Damage.WRONG_MODALITY: (UnsuitableSeries, "modality"),
}
UNREADABLE = (Damage.CUT_PIXELS, Damage.GARBAGE_PIXELS, Damage.LYING_ROWS)


def _read(damage: Damage, folder: Path) -> Volume:
    files = []
    for number, instance in enumerate(render(Order(seed=1, number=1, spec=KneeCt(damage=damage)))):
        if "LOCALIZER" not in instance.ImageType:
            files.append(folder / f"{number:04d}.dcm")
            instance.save_as(files[-1], enforce_file_format=True)
    return read_volume(files, GRID)


def test_every_kind_of_damage_is_judged_here() -> None:
    assert {*REFUSALS, *UNREADABLE, Damage.NONE, Damage.OUT_OF_ORDER} == set(Damage)


@pytest.mark.parametrize("damage", REFUSALS)
def test_refused_with_its_reason(damage: Damage, tmp_path: Path) -> None:
    kind, reason = REFUSALS[damage]
    with pytest.raises(kind) as caught:
        _read(damage, tmp_path)
    assert caught.value.reason == reason


@pytest.mark.parametrize("damage", UNREADABLE)
def test_unreadable_is_an_error_and_never_a_picture(damage: Damage, tmp_path: Path) -> None:
    with pytest.raises(BadDicom):
        _read(damage, tmp_path)


def test_order_of_arrival_changes_nothing(tmp_path: Path) -> None:
    for name in ("whole", "mixed"):
        (tmp_path / name).mkdir()
    whole, mixed = _read(Damage.NONE, tmp_path / "whole"), _read(Damage.OUT_OF_ORDER, tmp_path / "mixed")
    assert (whole.hu == mixed.hu).all()


def test_garbage_calls_itself_compressed() -> None:
    instance = next(render(Order(seed=1, number=1, spec=HeadCt(damage=Damage.GARBAGE_PIXELS))))
    assert instance.file_meta.TransferSyntaxUID == JPEG2000Lossless


def test_a_film_can_be_cut() -> None:
    (film,) = render(Order(seed=1, number=1, spec=ChestFilm(rows=128, damage=Damage.CUT_PIXELS)))
    assert len(film.PixelData) < film.Rows * film.Columns * 2
