"""The chest pathway asks its model only about frontal films that show something."""

from __future__ import annotations

import numpy as np
import pytest

from triton_models.phantoms.film import FilmParameters, render_film
from triton_models.preprocessing import chest
from triton_models.volume import Radiograph


def film(view: str = "PA") -> Radiograph:
    return Radiograph(render_film(FilmParameters(1), (256, 256))[0], view, (2048, 2048))


@pytest.mark.parametrize("view", ["AP", "PA", ""])
def test_frontal_films_become_one_picture_of_bytes(view: str) -> None:
    prepared = chest.prepare(film(view))
    assert prepared.refusal is None
    assert prepared.inputs["film"].shape == (1, 1, *chest.PICTURE_YX)
    assert prepared.inputs["film"].dtype == np.uint8


@pytest.mark.parametrize("view", ["LATERAL", "LL", "RL", "LLO"])
def test_other_views_are_not_applicable(view: str) -> None:
    refusal = chest.prepare(film(view)).refusal
    assert refusal is not None
    assert (refusal.state, refusal.reason) == ("not_applicable", "not a frontal view")


@pytest.mark.parametrize("level", [0.0, 0.4, 1.0])
def test_a_blank_film_is_indeterminate(level: float) -> None:
    refusal = chest.prepare(Radiograph(np.full((256, 256), level, np.float32), "AP", (9, 9))).refusal
    assert refusal is not None
    assert refusal.state == "indeterminate"


def test_the_letterbox_does_not_reach_the_model() -> None:
    whole = film().pixels
    boxed = np.zeros((256, 256), np.float32)
    boxed[:, 40:216] = np.maximum(whole[:, 40:216], 0.01)
    bare = Radiograph(boxed[:, 40:216].copy(), "PA", (9, 9))
    same = chest.prepare(Radiograph(boxed, "PA", (9, 9))).inputs["film"]
    assert np.array_equal(same, chest.prepare(bare).inputs["film"])
