"""An opacity brightens the lung where its mask says, and changes nothing elsewhere."""

from __future__ import annotations

import numpy as np
import pytest

from triton_models.phantoms.film import FilmParameters, render_film
from triton_models.phantoms.film_clutter import with_clutter
from triton_models.phantoms.opacity import NormalFilm, normal_film, with_opacity


@pytest.fixture(scope="module")
def normal() -> NormalFilm:
    picture, _ = render_film(FilmParameters(5), (224, 224))
    low, high = np.percentile(picture, (1, 99))
    found = normal_film(np.clip((picture - low) / (high - low), 0, 1).astype(np.float32))
    assert found is not None
    return found


def test_the_lungs_of_a_normal_film_are_left_and_right_of_the_middle(normal: NormalFilm) -> None:
    left, right = (np.argwhere(lung)[:, 1].mean() / 224 for lung in normal.lungs)
    assert 0.15 < left < 0.45
    assert 0.55 < right < 0.85


@pytest.mark.parametrize("seed", range(24))
def test_an_opacity_adds_grey_where_its_mask_is_and_nowhere_else(normal: NormalFilm, seed: int) -> None:
    ill, mask = with_opacity(normal, np.random.default_rng(seed))
    change = ill - normal.grey
    assert mask.mean() > 0.003
    assert float((change * mask).sum() / mask.sum()) > 0.01
    assert float(np.abs(change[mask < 1e-4]).max()) < 1e-3


def test_a_film_without_lungs_is_no_normal_film() -> None:
    assert normal_film(np.full((224, 224), 0.5, np.float32)) is None


def test_the_same_lot_adds_the_same_clutter(normal: NormalFilm) -> None:
    first, again = (with_clutter(normal.grey, np.random.default_rng(4)) for _ in range(2))
    assert np.array_equal(first, again)
    assert not np.array_equal(first, normal.grey)
