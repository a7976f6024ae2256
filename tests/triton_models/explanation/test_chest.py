"""The key image of a film shows the film, warm where the heat is, and says score and place."""

from __future__ import annotations

import numpy as np
import pytest

from schemas.findings import Finding, FindingState, Location, Side
from triton_models.explanation.chest import key_image
from triton_models.phantoms.film import FilmParameters, render_film
from triton_models.prepared import Prepared, not_applicable
from triton_models.preprocessing import chest
from triton_models.volume import Radiograph

PLACE = Location(side=Side.RIGHT, segment="lower zone")


def film() -> Radiograph:
    boxed = np.zeros((256, 256), np.float32)
    boxed[:, 40:216] = np.maximum(render_film(FilmParameters(2), (256, 176))[0], 0.01)
    return Radiograph(boxed, "PA", (2560, 1760))


def answer() -> dict[str, np.ndarray]:
    heat = np.zeros((1, 1, 12, 12), np.float32)
    heat[0, 0, 9, 2] = 0.9
    return {"heat": heat}


def finding(state: FindingState) -> Finding:
    return Finding(code="pneumonia", state=state, score=0.83, location=PLACE)


def test_the_picture_is_the_film_without_its_letterbox_warm_where_the_heat_is() -> None:
    taken = film()
    prepared = chest.prepare(taken)
    image = key_image(taken, prepared, answer(), finding(FindingState.DETECTED))
    assert image is not None
    rows, columns = image.pixels.shape[:2]
    assert columns / rows == pytest.approx(176 / 256, abs=0.01)
    coloured = (image.pixels.max(axis=2).astype(int) - image.pixels.min(axis=2)) > 40
    lower_right = coloured[rows * 2 // 3 :, : columns // 3].mean()
    assert lower_right > 10 * coloured[: rows // 2, : columns * 2 // 3].mean()


def test_the_caption_says_score_and_place_and_the_arrays_keep_the_heat() -> None:
    taken = film()
    image = key_image(taken, chest.prepare(taken), answer(), finding(FindingState.DETECTED))
    assert image is not None
    assert "0.83" in image.caption
    assert "right lower zone" in image.caption
    assert np.array_equal(image.arrays["heat"], answer()["heat"][0, 0])
    assert (image.facts["left_px"], image.facts["right_px"], image.facts["source_columns"]) == (40, 216, 1760)


@pytest.mark.parametrize(
    ("prepared", "state"),
    [(not_applicable("not a frontal view", {}), FindingState.DETECTED), (Prepared({}), FindingState.NOT_DETECTED)],
)
def test_nothing_is_drawn_where_nothing_was_asked_or_found(prepared: Prepared, state: FindingState) -> None:
    assert key_image(film(), prepared, answer(), finding(state)) is None


def test_an_unsure_film_is_drawn_and_called_unsure() -> None:
    taken = film()
    image = key_image(taken, chest.prepare(taken), answer(), finding(FindingState.INDETERMINATE))
    assert image is not None
    assert image.caption.startswith("Unsure")


def test_weak_evidence_is_outlined_too() -> None:
    taken = film()
    weak = {"heat": answer()["heat"] * np.float32(0.2)}
    image = key_image(taken, chest.prepare(taken), weak, finding(FindingState.DETECTED))
    assert image is not None
    rows, columns = image.pixels.shape[:2]
    coloured = (image.pixels.max(axis=2).astype(int) - image.pixels.min(axis=2)) > 40
    assert coloured[rows * 2 // 3 :, : columns // 3].any()
