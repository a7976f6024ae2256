"""A film's opacity is on the side that is said, in the film's own display convention."""

from __future__ import annotations

import numpy as np
import pytest

from schemas.findings import Side
from triton_models.phantoms.film import FilmParameters, render_film


@pytest.mark.parametrize(("side", "left_half"), [(Side.RIGHT, True), (Side.LEFT, False)])
def test_the_opacity_brightens_its_own_side(side: Side, left_half: bool) -> None:
    picture, truth = render_film(FilmParameters(3, side, noise=0.0), (256, 256))
    assert truth.centre_yx is not None
    assert (truth.centre_yx[1] < 0.5) is left_half
    row, column = (int(v * 256) for v in truth.centre_yx)
    here = picture[row - 8 : row + 8, column - 8 : column + 8].mean()
    there = picture[row - 8 : row + 8, 256 - column - 8 : 256 - column + 8].mean()
    assert here > there


def test_values_are_a_picture_from_black_to_white() -> None:
    picture, truth = render_film(FilmParameters(1), (300, 260))
    assert picture.shape == (300, 260)
    assert picture.dtype == np.float32
    assert 0.0 <= picture.min() < picture.max() <= 1.0
    assert truth.side is Side.NONE


def test_the_same_seed_gives_the_same_film() -> None:
    first, again = (render_film(FilmParameters(8, Side.LEFT), (128, 128))[0] for _ in range(2))
    assert np.array_equal(first, again)
