"""The tiny run of the LVO network goes from drawn heads to a judged ONNX file, and beats chance on unseen ones."""

from __future__ import annotations

from pathlib import Path

import pytest

from triton_models.training import runs

pytestmark = pytest.mark.train
# Chance is 0.5; the run gives 1.0. Runs of 60 steps gave 0.35 to 0.9: too short to tell.
BETTER_THAN_CHANCE = 0.7


def test_the_tiny_run_beats_chance_on_unseen_heads(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    record = runs.train("stroke", tmp_path, smoke=True)
    assert record.metrics["cases"] == 24
    assert record.metrics["auroc"] > BETTER_THAN_CHANCE
    assert record.parity_max_error < 1e-3
    assert (tmp_path / "contract.json").exists()
