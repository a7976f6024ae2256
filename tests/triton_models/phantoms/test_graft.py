"""A graft changes the lungs and leaves the body; an opaque donor leaves an opaque lung."""

from __future__ import annotations

import numpy as np

from triton_models.phantoms.film import FilmParameters, render_film
from triton_models.phantoms.graft import with_graft
from triton_models.phantoms.opacity import NormalFilm, normal_film


def body() -> NormalFilm:
    found = normal_film(render_film(FilmParameters(5), (224, 224))[0])
    assert found is not None
    return found


def test_only_the_lungs_change() -> None:
    normal = body()
    donor = render_film(FilmParameters(6), (224, 224))[0]
    changed = np.abs(with_graft(normal, donor, np.random.default_rng(1)) - normal.grey)
    lungs = normal.lungs[0] | normal.lungs[1]
    assert changed[lungs].mean() > 10 * changed[~lungs].mean()


def test_a_dense_patch_of_the_donor_is_dense_in_the_graft() -> None:
    normal = body()
    donor = render_film(FilmParameters(6), (224, 224))[0]
    dense = donor.copy()
    dense[90:130, 40:80] += 0.3
    plain, ill = (with_graft(normal, film, np.random.default_rng(2)) for film in (donor, np.clip(dense, 0, 1)))
    assert (ill - plain)[normal.lungs[0]].max() > 0.1
    assert np.abs(ill - plain)[normal.lungs[1]].mean() < 0.01
