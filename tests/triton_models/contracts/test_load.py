"""A model version without its own operating point does not serve."""

from __future__ import annotations

import hashlib
from importlib import resources

import msgspec
import pytest

from schemas.errors import BadSettings
from tests.triton_models.builders import POINT, contract
from triton_models.contracts import load_contract, model_ref, parse_contract
from triton_models.postprocessing.stroke import HEAT_STRIDE, SEGMENTS
from triton_models.preprocessing import aorta, chest, stroke

MODELS = (stroke.MODEL, aorta.MODEL, chest.MODEL)


def encoded(**changes: object) -> bytes:
    return msgspec.json.encode(contract(**changes))


@pytest.mark.parametrize("name", MODELS)
def test_every_committed_contract_loads_and_names_its_operating_point(name: str) -> None:
    loaded = load_contract(name)
    assert model_ref(loaded).operating_point == loaded.operating_point.name != ""


@pytest.mark.parametrize("name", MODELS)
def test_the_served_file_is_the_one_of_the_contract(name: str) -> None:
    loaded = load_contract(name)
    served = resources.files("triton_models.repository") / name / loaded.version / "model.onnx"
    assert hashlib.sha256(served.read_bytes()).hexdigest() == loaded.sha256
    assert loaded.known_answer.samples


def test_preprocessing_makes_what_the_contracts_ask_for() -> None:
    crops = {
        stroke.MODEL: (2, *stroke.SLABS_ZYX),
        aorta.MODEL: (1, *aorta.CROP_ZYX),
        chest.MODEL: (1, *chest.PICTURE_YX),
    }
    for name, shape in crops.items():
        assert load_contract(name).inputs[0].shape == (1, *shape)


def test_the_heat_map_covers_the_block() -> None:
    cells = tuple(n // stride for n, stride in zip(stroke.CROP_ZYX, HEAT_STRIDE, strict=True))
    assert load_contract(stroke.MODEL).outputs[0].shape == (1, len(SEGMENTS), *cells)


@pytest.mark.parametrize("name", ["nowhere", "../lvo_cta_head", ""])
def test_an_unknown_model_is_refused(name: str) -> None:
    with pytest.raises(BadSettings, match="no contract"):
        load_contract(name)


@pytest.mark.parametrize(
    "changes",
    [{"name": " "}, {"target": ""}, {"detected_at": 0.3}, {"not_detected_below": 0.0}, {"detected_at": 1.4}],
)
def test_without_an_operating_point_nothing_serves(changes: dict[str, object]) -> None:
    point = msgspec.structs.replace(POINT, **changes)
    with pytest.raises(BadSettings, match="operating point"):
        parse_contract(encoded(operating_point=point), "toy")


def test_a_missing_operating_point_is_refused() -> None:
    bare = msgspec.json.decode(encoded())
    del bare["operating_point"]
    with pytest.raises(BadSettings, match="operating_point"):
        parse_contract(msgspec.json.encode(bare), "toy")


def test_a_contract_of_another_model_is_refused() -> None:
    with pytest.raises(BadSettings, match="calls itself"):
        parse_contract(encoded(), "other")


@pytest.mark.parametrize("digest", ["", "abc", "g" * 64])
def test_a_contract_without_the_digest_of_its_weights_is_refused(digest: str) -> None:
    with pytest.raises(BadSettings, match="SHA-256"):
        parse_contract(encoded(sha256=digest), "toy")
