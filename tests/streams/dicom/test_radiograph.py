"""A film is shown as it would be on a viewer: dense is white, the window holds, the aspect ratio stays."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from pydicom.dataset import Dataset
from pydicom.sequence import Sequence

from schemas.errors import BadDicom, UnsuitableSeries
from streams.dicom.radiograph import read_radiograph
from tests.streams.dicom.builders import image, save
from triton_models.volume import FilmGrid, Radiograph

GRID = FilmGrid((64, 64))
RAMP = np.tile(np.linspace(0, 1023, 128).round().astype(np.uint16), (128, 1))


def _film(folder: Path, pixels: Any = RAMP, **tags: Any) -> Radiograph:
    values = {"Modality": "DX", "PixelRepresentation": 0, "BitsStored": 10, "HighBit": 9, "ViewPosition": "PA"} | tags
    return read_radiograph(save(image(pixels, (0, 0, 0), **values), folder / "film.dcm"), GRID)


def test_white_is_dense_in_monochrome2(tmp_path: Path) -> None:
    film = _film(tmp_path, WindowCenter=512, WindowWidth=1024)
    assert film.pixels[32, 0] < 0.01
    assert film.pixels[32, -1] > 0.98
    assert film.view == "PA"
    assert film.source_shape == (128, 128)


def test_monochrome1_is_inverted(tmp_path: Path) -> None:
    film = _film(tmp_path, PhotometricInterpretation="MONOCHROME1", WindowCenter=512, WindowWidth=1024)
    assert film.pixels[32, 0] > 0.98
    assert film.pixels[32, -1] < 0.01


@pytest.mark.parametrize(
    ("function", "stored", "shown"),
    [
        ("LINEAR", 500, 0.5 + 0.5 / 100),
        ("LINEAR", 449, 0.0),
        ("LINEAR", 550, 1.0),
        ("LINEAR_EXACT", 450, 0.0),
        ("LINEAR_EXACT", 500, 0.5),
        ("SIGMOID", 500, 0.5),
        ("SIGMOID", 601, 0.9827),
    ],
)
def test_window_functions_are_those_of_the_standard(tmp_path: Path, function: str, stored: int, shown: float) -> None:
    flat = np.full((128, 128), stored, np.uint16)
    film = _film(tmp_path, flat, WindowCenter=[500, 1], WindowWidth=[101, 1], VOILUTFunction=function)
    assert film.pixels[32, 32] == pytest.approx(shown, abs=6e-3)


def test_rescale_comes_before_the_window(tmp_path: Path) -> None:
    flat = np.full((128, 128), 100, np.uint16)
    film = _film(tmp_path, flat, RescaleSlope=2, RescaleIntercept=50, WindowCenter=250, WindowWidth=100)
    assert film.pixels[32, 32] == pytest.approx(0.5, abs=0.01)


def test_voi_lut_wins_over_the_window(tmp_path: Path) -> None:
    table = Dataset()
    table.LUTDescriptor = [256, 100, 12]
    table.LUTData = np.linspace(4095, 0, 256).astype("<u2").tobytes()
    flat = np.full((128, 128), 100 + 51, np.uint16)
    film = _film(tmp_path, flat, VOILUTSequence=Sequence([table]), WindowCenter=1, WindowWidth=2)
    assert film.pixels[32, 32] == pytest.approx(0.8, abs=1e-3)


def test_without_a_window_the_own_range_is_shown(tmp_path: Path) -> None:
    film = _film(tmp_path, RAMP // 2 + 100)
    assert film.pixels[32, 0] < 0.02
    assert film.pixels[32, -1] > 0.98


def test_padding_is_black_and_outside_the_range(tmp_path: Path) -> None:
    pixels = RAMP // 4 + 500
    pixels[:64] = 0
    film = _film(tmp_path, pixels, PixelPaddingValue=0, PhotometricInterpretation="MONOCHROME1")
    assert (film.pixels[:31] == 0).all()
    assert film.pixels[40, 0] > 0.98


def test_aspect_ratio_is_kept_and_the_rest_is_black(tmp_path: Path) -> None:
    film = _film(tmp_path, np.full((128, 64), 1000, np.uint16), WindowCenter=10, WindowWidth=10)
    assert (film.pixels[:, 16:48] == 1).all()
    assert (film.pixels[:, :16] == 0).all()
    assert (film.pixels[:, 48:] == 0).all()


def test_pixels_that_are_not_square_are_shown_in_mm(tmp_path: Path) -> None:
    film = _film(
        tmp_path, np.full((64, 128), 1000, np.uint16), PixelSpacing=[0.4, 0.2], WindowCenter=10, WindowWidth=10
    )
    assert (film.pixels == 1).all()


@pytest.mark.parametrize(
    ("tags", "reason"),
    [
        ({"ViewPosition": "LL"}, "lateral_view"),
        ({"ViewPosition": "LATERAL"}, "lateral_view"),
        ({"Modality": "CT"}, "modality"),
        ({"PresentationIntentType": "FOR PROCESSING"}, "for_processing"),
        ({"NumberOfFrames": 2, "Rows": 64}, "multi_frame"),
        ({"PhotometricInterpretation": "PALETTE COLOR"}, "photometric"),
        ({"PhotometricInterpretation": "RGB", "SamplesPerPixel": 3, "Columns": 40}, "photometric"),
        ({"WindowCenter": 5, "WindowWidth": 0}, "bad_voi"),
        ({"WindowCenter": 5, "WindowWidth": 9, "VOILUTFunction": "MAGIC"}, "bad_voi"),
        ({"PixelSpacing": [0, 1]}, "bad_voi"),
        ({"Rows": 16}, "film_shape"),
    ],
)
def test_what_no_chest_model_may_see_is_refused(tmp_path: Path, tags: dict[str, Any], reason: str) -> None:
    with pytest.raises((BadDicom, UnsuitableSeries)) as caught:
        _film(tmp_path, **tags)
    assert caught.value.reason == reason


def test_a_film_without_view_is_read_with_an_empty_view(tmp_path: Path) -> None:
    assert _film(tmp_path, ViewPosition=None).view == ""
