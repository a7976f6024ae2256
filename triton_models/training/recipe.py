"""What a pathway must bring to be trained: the port between ``runs`` and the three pathway modules."""

from __future__ import annotations

from pathlib import Path
from typing import Protocol

from torch import nn

from triton_models.contracts import ModelContract, OperatingPoint
from triton_models.evidence.cases import Keep, drop
from triton_models.training.fit import FitSettings
from triton_models.training.session import OnnxModel


class Recipe(Protocol):
    """Fit, choose thresholds on validation data, judge on test data."""

    FULL: FitSettings
    SMOKE: FitSettings
    OUTPUTS: tuple[str, ...]

    def train(self, settings: FitSettings, data: Path | None, kept: Path | None = None) -> nn.Module:
        """Fit a network; ``kept`` is the folder in which the state is kept, to go on from after a stop."""

    def operating_point(self, model: OnnxModel, settings: FitSettings, data: Path | None) -> OperatingPoint:
        """Choose the thresholds."""

    def evaluate(
        self,
        model: OnnxModel,
        contract: ModelContract,
        settings: FitSettings,
        data: Path | None,
        keep: Keep = drop,
    ) -> dict[str, object]:
        """Judge on data that neither of the others saw; every judged case is given to ``keep``."""

    def sources(self, data: Path | None) -> list[Path]:
        """List the files that were read."""
