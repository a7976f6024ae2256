"""Calibration and the three-way decision that every pathway shares. Pure."""

from __future__ import annotations

import math

from schemas.findings import Finding, FindingState
from triton_models.contracts.load import model_ref
from triton_models.contracts.model import ModelContract, OperatingPoint
from triton_models.prepared import Prepared

_EDGE = 1e-6


def logit(probability: float) -> float:
    """Log-odds, kept finite at 0 and 1."""
    inside = min(max(probability, _EDGE), 1.0 - _EDGE)
    return math.log(inside / (1.0 - inside))


def calibrated(raw: float, point: OperatingPoint) -> float:
    """Map a raw value to a score in 0..1 by the logistic calibration of the operating point."""
    z = point.slope * raw + point.intercept
    return 1.0 / (1.0 + math.exp(-z)) if z >= 0 else math.exp(z) / (1.0 + math.exp(z))


def state_of(score: float, point: OperatingPoint) -> FindingState:
    """Decide detected, not detected, or neither."""
    if score >= point.detected_at:
        return FindingState.DETECTED
    if score < point.not_detected_below:
        return FindingState.NOT_DETECTED
    return FindingState.INDETERMINATE


def refused(code: str, prepared: Prepared, contract: ModelContract) -> Finding:
    """Say that the image could not be asked; never a negative."""
    reason = prepared.refusal.reason if prepared.refusal else ""
    return Finding(code=code, state=FindingState.INDETERMINATE, reason=reason, model=model_ref(contract))
