"""Chest: reads the pneumonia logit and its heat map. Pneumonia re-ranks a study and never pages.

Called by the analyser after ``check_outputs``.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from schemas.findings import Finding, FindingState, Location, Side, Urgency
from triton_models.contracts.load import model_ref
from triton_models.contracts.model import ModelContract
from triton_models.postprocessing.score import calibrated, refused, state_of
from triton_models.prepared import Prepared, Tensor

CODE = "pneumonia"
_ZONES = ("upper zone", "middle zone", "lower zone")


def read(outputs: Mapping[str, Tensor], prepared: Prepared, contract: ModelContract) -> Finding:
    """Read ``logit`` (float32, 1,1) and ``heat`` (float32, 1,1,y,x, 0..1) into a finding."""
    if prepared.refusal is not None:
        return refused(CODE, prepared, contract)
    score = calibrated(float(outputs["logit"].reshape(-1)[0]), contract.operating_point)
    state = state_of(score, contract.operating_point)
    detected = state is FindingState.DETECTED
    return Finding(
        code=CODE,
        state=state,
        score=score,
        urgency=Urgency.ROUTINE,
        reason=_reason(state),
        location=_zone(np.asarray(outputs["heat"], np.float32)[0, 0]) if detected else Location(),
        model=model_ref(contract),
    )


def _zone(heat: NDArray[np.float32]) -> Location:
    """Name the zone of the peak; frontal films are displayed with the patient's right on the picture's left."""
    row, column = np.unravel_index(int(heat.argmax()), heat.shape)
    side = Side.RIGHT if column < heat.shape[1] / 2 else Side.LEFT
    zone = _ZONES[min(int(row) * len(_ZONES) // heat.shape[0], len(_ZONES) - 1)]
    return Location(side=side, segment=zone)


def _reason(state: FindingState) -> str:
    return {
        FindingState.DETECTED: "opacity that suggests pneumonia",
        FindingState.INDETERMINATE: "score between the thresholds",
    }.get(state, "no pneumonia found")
