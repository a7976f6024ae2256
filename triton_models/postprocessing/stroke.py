"""Stroke: reads verdict and heat map: is there an occlusion, on which side, of which vessel, where.

Called by the analyser after ``check_outputs``; must not soften a threshold of the contract.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from schemas.findings import Finding, FindingState, Location, Measurement, Side, Urgency
from triton_models.contracts.load import model_ref
from triton_models.contracts.model import ModelContract
from triton_models.postprocessing.score import calibrated, refused, state_of
from triton_models.prepared import Prepared, Tensor

CODE = "lvo"
# The order of the model's channels.
SEGMENTS = ("ICA-T", "M1", "M2", "basilar")
# One heat voxel covers this many voxels of 1 mm of the model's block along z, y, x.
HEAT_STRIDE = (10, 4, 4)
MIDLINE = frozenset({"basilar"})


@dataclass(frozen=True, slots=True)
class Vessel:
    """One of the seven arteries that the model answers for, and the logit that it is blocked."""

    segment: str
    side: Side
    logit: float


def read(outputs: Mapping[str, Tensor], prepared: Prepared, contract: ModelContract) -> Finding:
    """Read ``verdict`` (2,segment: logits of left and right) and ``heat`` (1,segment,z,y,x) into a finding.

    The location is the hottest place of the suspected artery, in the patient's LPS millimetres; it is given unless the
    state is ``not_detected``. The measurements are the seven arteries' own scores.
    """
    if prepared.refusal is not None:
        return refused(CODE, prepared, contract)
    found = vessels(outputs)
    point = contract.operating_point
    score = calibrated(case_logit(found), point)
    state = state_of(score, point)
    suspect = max(found, key=lambda vessel: vessel.logit)
    heat = np.asarray(outputs["heat"], np.float32)[0]
    location = Location() if state is FindingState.NOT_DETECTED else _located(heat, suspect, prepared.facts)
    return Finding(
        code=CODE,
        state=state,
        score=score,
        urgency=Urgency.EMERGENCY if state is FindingState.DETECTED else Urgency.ROUTINE,
        reason=_reason(state, location),
        location=location,
        measurements=tuple(
            Measurement(name=f"score_{v.side.value}_{v.segment}", value=calibrated(v.logit, point), unit="1")
            for v in found
        ),
        model=model_ref(contract),
    )


def vessels(outputs: Mapping[str, Tensor]) -> tuple[Vessel, ...]:
    """The seven arteries; the basilar artery is seen from both sides and gets their mean."""
    verdict = np.asarray(outputs["verdict"], np.float64)
    sided = [
        Vessel(segment, side, float(verdict[row, channel]))
        for row, side in enumerate((Side.LEFT, Side.RIGHT))
        for channel, segment in enumerate(SEGMENTS)
        if segment not in MIDLINE
    ]
    middle = [Vessel(s, Side.MIDLINE, float(verdict[:, c].mean())) for c, s in enumerate(SEGMENTS) if s in MIDLINE]
    return (*sided, *middle)


def case_logit(found: Sequence[Vessel]) -> float:
    """One number for the head: smoothly the largest of the arteries' logits."""
    logits = np.array([vessel.logit for vessel in found])
    top = float(logits.max())
    return top + float(np.log(np.exp(logits - top).sum()))


def _located(heat: NDArray[np.float32], suspect: Vessel, facts: Mapping[str, float]) -> Location:
    channel, middle = SEGMENTS.index(suspect.segment), heat.shape[3] // 2
    # In LPS x grows to the patient's left (PS3.3 C.7.6.2.1.1), and so do the columns.
    half = {Side.LEFT: slice(middle, None), Side.RIGHT: slice(0, middle)}.get(suspect.side, slice(0, None))
    x, y, z = _point(heat[channel], _peak(heat, channel, half), facts)
    return Location(side=suspect.side, segment=suspect.segment, point_lps_mm=(x, y, z))


def block_point(point_lps_mm: tuple[float, float, float], facts: Mapping[str, float]) -> NDArray[np.float64]:
    """Where a point of the patient (x, y, z in LPS mm) lies in the model's block: z, y, x in voxels of 1 mm."""
    origin, steps = _frame(facts)
    return np.asarray(np.linalg.solve(steps.T, np.asarray(point_lps_mm) - origin))


def patient_point(
    block_zyx: tuple[float, float, float] | NDArray[np.float64], facts: Mapping[str, float]
) -> tuple[float, float, float]:
    """Where a point of the model's block (z, y, x in voxels of 1 mm) lies in the patient: x, y, z in LPS mm."""
    origin, steps = _frame(facts)
    x, y, z = (float(v) for v in origin + np.asarray(block_zyx) @ steps)
    return x, y, z


def _frame(facts: Mapping[str, float]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """The block's origin (x, y, z) and its steps along z, y and x (rows), in LPS mm."""
    origin = np.array([facts[f"origin_{axis}_mm"] for axis in "xyz"])
    return origin, np.array([[facts[f"step_{step}_{axis}_mm"] for axis in "xyz"] for step in "zyx"])


def _peak(heat: NDArray[np.float32], channel: int, half: slice) -> tuple[int, int, int]:
    part = heat[channel][:, :, half]
    z, y, x = (int(i) for i in np.unravel_index(int(part.argmax()), part.shape))
    return z, y, x + (half.start or 0)


def _point(
    heat: NDArray[np.float32], index: tuple[int, int, int], facts: Mapping[str, float]
) -> tuple[float, float, float]:
    """The patient's point (LPS mm) of a heat voxel, moved to the centre of mass around it."""
    stride = np.array(HEAT_STRIDE, np.float64)
    # The centre of heat voxel i is the centre of the block's voxels stride*i … stride*i + stride-1.
    return patient_point(np.array(_refined(heat, index)) * stride + (stride - 1) / 2, facts)


def _refined(heat: NDArray[np.float32], index: tuple[int, int, int]) -> tuple[float, float, float]:
    """Move the peak to the centre of mass of its 3×3×3 neighbourhood."""
    low = [max(i - 1, 0) for i in index]
    box = heat[low[0] : index[0] + 2, low[1] : index[1] + 2, low[2] : index[2] + 2].astype(np.float64)
    total = float(box.sum())
    if total <= 0.0:
        return float(index[0]), float(index[1]), float(index[2])
    grid = np.indices(box.shape).reshape(3, -1) @ box.reshape(-1) / total
    return low[0] + float(grid[0]), low[1] + float(grid[1]), low[2] + float(grid[2])


def _reason(state: FindingState, location: Location) -> str:
    where = location.segment if location.side is Side.MIDLINE else f"{location.side.value} {location.segment}"
    if state is FindingState.DETECTED:
        return f"occlusion, {where}"
    if state is FindingState.INDETERMINATE:
        return f"score between the thresholds, {where}"
    return "no large vessel occlusion found"
