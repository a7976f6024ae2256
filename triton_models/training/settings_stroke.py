"""What a run of the LVO network is made of, beside what all runs are made of."""

from __future__ import annotations

from dataclasses import dataclass

from triton_models.training.fit import FitSettings


@dataclass(frozen=True, slots=True)
class HeadSettings(FitSettings):
    """As ``FitSettings``; ``plain`` heads differ in little but their arteries, so that a tiny run learns something."""

    plain: bool = False
