"""An answer that breaks the contract is no answer."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from schemas.errors import ModelContractBroken
from tests.triton_models.builders import contract, heat
from triton_models.contracts import check_inputs, check_known_answer, check_metadata, check_outputs, known_answer_inputs


def metadata(**changes: Any) -> dict[str, Any]:
    good: dict[str, Any] = {
        "name": "toy",
        "versions": ["3"],
        "inputs": [{"name": "volume", "datatype": "UINT8", "shape": [1, 4, -1]}],
        "outputs": [{"name": "heat", "datatype": "FP32", "shape": [1, 4]}],
    }
    return {**good, **changes}


def test_a_good_answer_passes() -> None:
    check_outputs(contract(), heat())


@pytest.mark.parametrize(
    ("outputs", "word"),
    [
        ({}, "missing"),
        ({**heat(), "more": np.zeros(1, np.float32)}, "unexpected"),
        ({"heat": np.full((1, 4), 0.5, np.float64)}, "float64"),
        ({"heat": np.full((1, 5), 0.5, np.float32)}, "shape"),
        ({"heat": np.full((4,), 0.5, np.float32)}, "shape"),
        ({"heat": np.array([[0.1, np.nan, 0.2, 0.3]], np.float32)}, "NaN"),
        ({"heat": np.array([[0.1, np.inf, 0.2, 0.3]], np.float32)}, "infinity"),
        ({"heat": np.array([[0.1, 1.2, 0.2, 0.3]], np.float32)}, "outside"),
        ({"heat": np.array([[0.1, -0.1, 0.2, 0.3]], np.float32)}, "outside"),
    ],
)
def test_each_breach_is_refused(outputs: dict[str, np.ndarray], word: str) -> None:
    with pytest.raises(ModelContractBroken, match=word):
        check_outputs(contract(), outputs)


def test_an_empty_output_is_refused() -> None:
    spec = contract().outputs[0]
    varying = contract(outputs=(type(spec)(name="heat", datatype=spec.datatype, shape=(1, None), low=0, high=1),))
    with pytest.raises(ModelContractBroken, match="empty"):
        check_outputs(varying, {"heat": np.zeros((1, 0), np.float32)})


def test_a_varying_size_may_vary() -> None:
    check_inputs(contract(), {"volume": np.zeros((1, 4, 9), np.uint8)})


def test_the_servers_own_description_passes() -> None:
    check_metadata(contract(), metadata())


@pytest.mark.parametrize(
    "changes",
    [
        {"name": "other"},
        {"versions": ["1", "2"]},
        {"versions": None},
        {"inputs": []},
        {"outputs": [{"name": "heat", "datatype": "FP16", "shape": [1, 4]}]},
        {"outputs": [{"name": "heat", "datatype": "FP32", "shape": [1, 8]}]},
        {"outputs": [{"name": "hot", "datatype": "FP32", "shape": [1, 4]}]},
    ],
)
def test_another_model_is_refused(changes: dict[str, Any]) -> None:
    with pytest.raises(ModelContractBroken):
        check_metadata(contract(), metadata(**changes))


def test_the_known_answer_accepts_the_right_value_only() -> None:
    check_known_answer(contract(), heat(0.505))
    with pytest.raises(ModelContractBroken, match="known answer"):
        check_known_answer(contract(), heat(0.52))


def test_known_inputs_are_the_same_everywhere() -> None:
    first, again = known_answer_inputs(contract()), known_answer_inputs(contract())
    assert np.array_equal(first["volume"], again["volume"])
    assert first["volume"].shape == (1, 4, 16)
    assert len(np.unique(first["volume"])) > 1
