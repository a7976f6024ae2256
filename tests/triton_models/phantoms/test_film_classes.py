"""Every class has its film: the same each time, opaque where its mask says, with the view that its name promises."""

from __future__ import annotations

import numpy as np
import pytest

from triton_models.phantoms.film_classes import FilmClass, class_film

WELL = {FilmClass.NORMAL_PA, FilmClass.NORMAL_AP, FilmClass.LATERAL}


@pytest.mark.parametrize("name", list(FilmClass))
def test_a_film_is_opaque_where_its_mask_says(name: FilmClass) -> None:
    film, again = class_film(name), class_film(name)
    assert np.array_equal(film.pixels, again.pixels)
    assert film.positive is (name not in WELL)
    assert bool(film.mask.any()) is film.positive
    assert 0.0 <= film.pixels.min() < film.pixels.max() <= 1.0


def test_lateral_and_inverted_films_are_named_as_such() -> None:
    assert class_film(FilmClass.LATERAL).view == "LL"
    assert class_film(FilmClass.NORMAL_AP).view == "AP"
    assert class_film(FilmClass.MONOCHROME1).photometric == "MONOCHROME1"
