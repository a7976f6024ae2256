"""The tiny recipe learns something that holds on films from seeds it never saw, and survives the export."""

from __future__ import annotations

import math
from pathlib import Path
from typing import cast

import pytest

from triton_models.contracts import load_contract
from triton_models.training import chest
from triton_models.training.export import export_onnx, finished_contract
from triton_models.training.session import OnnxModel


@pytest.mark.train
def test_the_tiny_recipe_beats_chance_on_unseen_films(tmp_path: Path) -> None:
    network = chest.train(chest.SMOKE, None)
    contract, path = load_contract("pneumonia_cxr"), tmp_path / "model.onnx"
    assert export_onnx(network, contract, chest.OUTPUTS, path) < 1e-3
    model = OnnxModel(path)
    point = chest.operating_point(model, chest.SMOKE, None)
    made = finished_contract(contract, point=point, sha256="0" * 64, version="1", model=model)
    figures = chest.evaluate(model, made, chest.SMOKE, None)
    assert cast(float, figures["auroc_drawn"]) > 0.7
    assert all(math.isfinite(value) for value in figures.values() if isinstance(value, float))
