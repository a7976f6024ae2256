"""The picture of an occlusion shows its own side where a radiologist looks for it, and only where there is one."""

from __future__ import annotations

import numpy as np
import pytest

from schemas.findings import Finding, Side
from tests.triton_models.builders import contract
from triton_models.explanation import stroke as drawing
from triton_models.postprocessing import stroke as reading
from triton_models.prepared import Prepared, indeterminate
from triton_models.preprocessing.stroke import SLABS_ZYX
from triton_models.volume import Volume

ORIGIN = {"origin_x_mm": -63.5, "origin_y_mm": -80.0, "origin_z_mm": -60.0}
FACTS = ORIGIN | {f"step_{step}_{axis}_mm": float(step == axis) for step in "zyx" for axis in "xyz"}
VOLUME = Volume(np.zeros((1, 1, 1), np.float32), (1, 1, 1), (0, 0, 0), (1, 1, 1), 1)
M1 = reading.SEGMENTS.index("M1")


def prepared() -> Prepared:
    slabs = np.zeros((1, 2, *SLABS_ZYX), np.uint8)
    slabs[0, 0, 12, 50, 20:108] = 180
    return Prepared({"slabs": slabs}, None, FACTS)


def outputs(side: Side, logit: float = 5.0) -> dict[str, np.ndarray]:
    heat, verdict = np.zeros((1, 4, 12, 32, 32), np.float32), np.full((2, 4), -9.0, np.float32)
    row, column = (0, 24) if side is Side.LEFT else (1, 7)
    heat[0, M1, 6, 12, column], verdict[row, M1] = 0.9, logit
    return {"heat": heat, "verdict": verdict}


def finding(side: Side, logit: float = 5.0) -> Finding:
    return reading.read(outputs(side, logit), prepared(), contract())


@pytest.mark.parametrize(("side", "half"), [(Side.LEFT, slice(320, None)), (Side.RIGHT, slice(0, 320))])
def test_the_patients_left_is_on_the_right_of_the_picture(side: Side, half: slice) -> None:
    image = drawing.key_image(VOLUME, prepared(), outputs(side), finding(side))
    assert image is not None
    # The ring is the only thing of its colour below the words.
    amber = np.all(np.abs(image.pixels[40:].astype(int) - (255, 176, 32)) < 40, axis=2)
    assert amber[:, half].sum() > 0.95 * amber.sum() > 50
    assert f"{side.value} M1" in image.caption


def test_the_picture_shows_the_slab_of_the_finding_and_the_arrays_say_where_it_lies() -> None:
    image = drawing.key_image(VOLUME, prepared(), outputs(Side.LEFT), finding(Side.LEFT))
    assert image is not None
    assert image.arrays["mip"][50, 60] == 180
    assert image.facts["slab_first_mm"] <= 60 <= image.facts["slab_first_mm"] + image.facts["slab_mm"]
    assert image.facts["plane_z_mm"] == pytest.approx(-60 + image.facts["slab_first_mm"] + 9.5)


@pytest.mark.parametrize(("logit", "word"), [(5.0, "suspected"), (0.0, "undecided")])
def test_the_words_do_not_claim_more_than_the_finding(logit: float, word: str) -> None:
    image = drawing.key_image(VOLUME, prepared(), outputs(Side.LEFT, logit), finding(Side.LEFT, logit))
    assert image is not None
    assert word in image.caption


def test_open_arteries_and_refused_heads_have_no_picture() -> None:
    assert drawing.key_image(VOLUME, prepared(), outputs(Side.LEFT, -9.0), finding(Side.LEFT, -9.0)) is None
    refused = indeterminate("no contrast", {})
    assert drawing.key_image(VOLUME, refused, {}, reading.read({}, refused, contract())) is None
