"""A held-out case that ended wrong has the key image that the pathway itself would draw; a right one has none."""

from __future__ import annotations

import numpy as np
import pytest

from schemas.findings import Finding, FindingState, Outcome
from tests.triton_models.builders import contract
from tests.triton_models.postprocessing.test_aorta import FACTS
from tests.triton_models.postprocessing.test_section import tube
from triton_models.evidence.cases import JudgedCase, Label, Truth
from triton_models.explanation.key_image import KeyImage
from triton_models.postprocessing import aorta
from triton_models.prepared import Prepared
from triton_models.training.films import LEVELS_YX, Film
from triton_models.training.pictures import of_abdomen, of_film, with_picture

pytestmark = pytest.mark.train


def case(state: FindingState) -> JudgedCase:
    finding = Finding(code="aaa", state=state, score=0.9)
    return JudgedCase(name="abdomen 1", truth=Truth(label=Label.NEGATIVE), outcome=Outcome.scored(finding), seconds=0.1)


def drawn() -> KeyImage:
    return KeyImage(np.zeros((4, 4, 3), np.uint8), "a picture")


def test_only_what_ended_wrong_is_drawn() -> None:
    assert with_picture(case(FindingState.DETECTED), drawn).picture is not None
    assert with_picture(case(FindingState.NOT_DETECTED), drawn).picture is None


def test_the_measured_section_of_an_abdomen_is_drawn_from_the_models_column() -> None:
    share = tube(60.0, 0)
    facts = FACTS | {"top_z_mm": 158.0}
    prepared = Prepared({"volume": np.rint(share * 160 + 40).astype(np.uint8)[None, None]}, None, facts)
    outputs = {"probability": share[None, None]}
    finding = aorta.read(outputs, prepared, contract())
    picture = of_abdomen(prepared, outputs, finding)
    assert picture is not None
    assert int(picture.pixels.max()) > 200


def test_a_film_is_drawn_as_the_model_saw_it() -> None:
    levels = np.tile(np.linspace(0, 255, LEVELS_YX[1]).astype(np.uint8), (LEVELS_YX[0], 1))
    heat = np.zeros((1, 1, 8, 8), np.float32)
    heat[0, 0, 2:4, 2:4] = 0.9
    finding = Finding(code="pneumonia", state=FindingState.DETECTED, score=0.8)
    picture = of_film(Film("adults", positive=False, view="AP", levels=levels), {"heat": heat}, finding)
    assert picture is not None
    assert "0.80" in picture.caption
