"""Judged cases as a test says them."""

from __future__ import annotations

import numpy as np

from schemas.findings import Finding, FindingState, Location, Measurement, Outcome, Side
from triton_models.evidence.cases import JudgedCase, Label, Truth
from triton_models.explanation.key_image import KeyImage


def judged(
    label: Label,
    state: FindingState | None,
    *,
    score: float | None = None,
    side: Side = Side.NONE,
    truth: Truth | None = None,
    diameter: tuple[float, float, float] | None = None,
    name: str = "1.2.3",
) -> JudgedCase:
    """One case; ``state`` None has failed."""
    measured = (Measurement(name="aortic_diameter", value=diameter[0], low=diameter[1], high=diameter[2], unit="mm"),
                ) if diameter else ()  # fmt: skip
    outcome = (
        Outcome.failed("3 slices are missing")
        if state is None
        else Outcome.scored(
            Finding(code="lvo", state=state, score=score, location=Location(side=side), measurements=measured)
        )
    )
    picture = KeyImage(np.zeros((8, 8, 3), np.uint8), "axial")
    return JudgedCase(name=name, truth=truth or Truth(label=label), outcome=outcome, seconds=0.5, picture=picture)
