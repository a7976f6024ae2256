"""Aorta: measures the outer diameter of the segmented aorta and grades it by the threshold table.

Called by the analyser after ``check_outputs``; must not soften a threshold of the contract or of the table.
"""

from __future__ import annotations

import math
from collections.abc import Mapping

import numpy as np

from schemas.findings import Finding, FindingState, Location, Measurement, Side, Urgency
from triton_models.contracts.load import model_ref
from triton_models.contracts.model import ModelContract, OperatingPoint
from triton_models.postprocessing.aaa_rules import ANEURYSM_MM, RULE_SET, threshold_for
from triton_models.postprocessing.score import refused, state_of
from triton_models.postprocessing.tube import Tube, trace
from triton_models.prepared import Prepared, Tensor

CODE = "aaa"
METHOD = "largest circle inside the outer wall"
# An aorta that is followed over less than this was not really found.
_NEEDED_LENGTH_MM = 60.0
_Z95 = 1.96


def read(outputs: Mapping[str, Tensor], prepared: Prepared, contract: ModelContract, *, sex: str = "") -> Finding:
    """Read ``probability`` (float32, 1,1,z,y,x, 0..1) into a finding.

    Args:
        outputs: the model's answer.
        prepared: what was sent; its facts place the block in the patient.
        contract: holds the thresholds and the standard error of the diameter.
        sex: Patient's Sex (PS3.3 C.7.1.1), empty when not known; the repair threshold depends on it.
    """
    if prepared.refusal is not None:
        return refused(CODE, prepared, contract)
    tube = trace(np.asarray(outputs["probability"], np.float32)[0, 0], prepared.facts["spacing_mm"])
    if tube is None or len(tube.slices) * prepared.facts["spacing_mm"] < _NEEDED_LENGTH_MM:
        return Finding(code=CODE, state=FindingState.INDETERMINATE, reason="aorta not found", model=model_ref(contract))
    return _graded(tube, prepared, contract, sex)


def _graded(tube: Tube, prepared: Prepared, contract: ModelContract, sex: str) -> Finding:
    point = contract.operating_point
    at = int(tube.inscribed_mm.argmax())
    diameter = max(float(tube.inscribed_mm[at]) - point.bias_mm, 0.0)
    score = _chance_above(diameter, point)
    state = state_of(score, point)
    row = threshold_for(diameter, sex) if state is FindingState.DETECTED else None
    return Finding(
        code=CODE,
        state=state,
        score=score,
        urgency=row.urgency if row else Urgency.ROUTINE,
        reason=_reason(state, diameter, f"{row.why} ({RULE_SET})" if row else ""),
        location=_location(tube, at, prepared),
        measurements=_measurements(tube, at, diameter, point),
        model=model_ref(contract),
    )


def _chance_above(diameter_mm: float, point: OperatingPoint) -> float:
    """Chance that the true diameter reaches aneurysm size, given the standard error of the measurement."""
    return 0.5 * (1.0 + math.erf((diameter_mm - ANEURYSM_MM) / (point.sigma_mm * math.sqrt(2.0))))


def _measurements(tube: Tube, at: int, diameter: float, point: OperatingPoint) -> tuple[Measurement, ...]:
    half = _Z95 * point.sigma_mm
    return (
        Measurement(
            name="max_diameter_mm",
            value=round(diameter, 1),
            unit="mm",
            low=round(max(diameter - half, 0.0), 1),
            high=round(diameter + half, 1),
            method=METHOD,
        ),
        Measurement(name="volume_ml", value=round(tube.volume_ml, 1), unit="ml", method="inside the outer wall"),
    )


def _location(tube: Tube, at: int, prepared: Prepared) -> Location:
    facts = prepared.facts
    y_mm, x_mm = (float(v) for v in tube.centres_yx_mm[at])
    point = (
        facts["origin_x_mm"] + x_mm,
        facts["origin_y_mm"] + y_mm,
        facts["origin_z_mm"] + float(tube.slices[at]) * facts["spacing_mm"],
    )
    return Location(side=Side.MIDLINE, segment="abdominal aorta", point_lps_mm=point)


def _reason(state: FindingState, diameter_mm: float, why: str) -> str:
    if state is FindingState.DETECTED:
        return f"{diameter_mm:.0f} mm, {why}"
    if state is FindingState.INDETERMINATE:
        return f"{diameter_mm:.0f} mm, too close to {ANEURYSM_MM:.0f} mm to call"
    return f"{diameter_mm:.0f} mm, no aneurysm"
