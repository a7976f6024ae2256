"""Only the opacity tells the twins of a batch apart; labels and views are dealt evenly."""

from __future__ import annotations

import numpy as np
import pytest

from triton_models.networks.film_net import HEAT_STRIDE
from triton_models.preprocessing import chest
from triton_models.training.film_batches import UNKNOWN, FilmBatch, FilmPool
from triton_models.training.films import drawn
from triton_models.training.parts import Part

pytestmark = pytest.mark.train


@pytest.fixture(scope="module")
def pool() -> FilmPool:
    return FilmPool(list(drawn(Part.TRAIN, 12, seed=1)))


@pytest.fixture(scope="module")
def batch(pool: FilmPool) -> FilmBatch:
    return next(pool.batches(20, 1))


def test_about_as_many_positives_as_negatives_are_dealt(pool: FilmPool) -> None:
    rows, columns = chest.PICTURE_YX
    several = [batch for batch, _ in zip(pool.batches(20, 2), range(8), strict=False)]
    for batch in several:
        count = batch.images.shape[0]
        assert batch.images.shape == (count, 1, rows, columns)
        assert batch.maps.shape == (count, 1, rows // HEAT_STRIDE, columns // HEAT_STRIDE)
    positive = np.concatenate([batch.targets.numpy() > 0.5 for batch in several])
    assert 0.4 < positive.mean() < 0.55


def test_twins_differ_where_the_map_says(batch: FilmBatch) -> None:
    first = 8  # four children, two adults, one of the others and one drawn film come before the twins
    images, maps = batch.images.numpy()[first:14, 0].astype(np.int32), batch.maps.numpy()[first:14, 0]
    for ill, well, where, nowhere in zip(images[::2], images[1::2], maps[::2], maps[1::2], strict=True):
        assert not nowhere.any()
        assert where.max() > 0
        inside = np.kron(where > 0.1, np.ones((HEAT_STRIDE, HEAT_STRIDE), bool))
        assert np.abs(ill - well)[inside].mean() > np.abs(ill - well)[~inside].mean()


def test_the_place_of_a_real_opacity_is_unknown(batch: FilmBatch) -> None:
    assert bool((batch.maps[0] == UNKNOWN).all())
    assert not bool(batch.maps[1].any())
