"""Stroke: reads the occlusion heat maps: is there an occlusion, on which side, of which vessel, where.

Called by the analyser after ``check_outputs``; must not soften a threshold of the contract.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from schemas.findings import Finding, FindingState, Location, Side, Urgency
from triton_models.contracts.load import model_ref
from triton_models.contracts.model import ModelContract
from triton_models.postprocessing.score import calibrated, logit, refused, state_of
from triton_models.prepared import Prepared, Tensor

CODE = "lvo"
# The order of the heat map's channels.
SEGMENTS = ("ICA-T", "M1", "M2", "basilar")
# One heat voxel covers this many voxels of the model's block along each axis.
HEAT_STRIDE = 4
_MIDLINE = frozenset({"basilar"})


def read(outputs: Mapping[str, Tensor], prepared: Prepared, contract: ModelContract) -> Finding:
    """Read ``heat`` (float32, 1,segment,z,y,x, 0..1) into a finding.

    The location is the peak of the heat map, in the patient's LPS millimetres; it is given unless the state is
    ``not_detected``.
    """
    if prepared.refusal is not None:
        return refused(CODE, prepared, contract)
    heat = np.asarray(outputs["heat"], np.float32)[0]
    channel, index = _peak(heat)
    score = calibrated(logit(float(heat.max())), contract.operating_point)
    state = state_of(score, contract.operating_point)
    location = Location() if state is FindingState.NOT_DETECTED else _locate(heat[channel], channel, index, prepared)
    return Finding(
        code=CODE,
        state=state,
        score=score,
        urgency=Urgency.EMERGENCY if state is FindingState.DETECTED else Urgency.ROUTINE,
        reason=_reason(state, location),
        location=location,
        model=model_ref(contract),
    )


def _peak(heat: NDArray[np.float32]) -> tuple[int, tuple[int, int, int]]:
    channel, z, y, x = (int(i) for i in np.unravel_index(int(heat.argmax()), heat.shape))
    return channel, (z, y, x)


def _locate(heat: NDArray[np.float32], channel: int, index: tuple[int, int, int], prepared: Prepared) -> Location:
    z, y, x = _refined(heat, index)
    facts = prepared.facts
    step = facts["spacing_mm"]
    # The centre of heat voxel i is the centre of the block's voxels HEAT_STRIDE*i … HEAT_STRIDE*i + HEAT_STRIDE-1.
    half = (HEAT_STRIDE - 1) / 2
    point = (
        facts["origin_x_mm"] + (HEAT_STRIDE * x + half) * step,
        facts["origin_y_mm"] + (HEAT_STRIDE * y + half) * step,
        facts["origin_z_mm"] + (HEAT_STRIDE * z + half) * step,
    )
    return Location(
        side=_side(channel, point[0] - facts["midline_x_mm"]), segment=SEGMENTS[channel], point_lps_mm=point
    )


def _refined(heat: NDArray[np.float32], index: tuple[int, int, int]) -> tuple[float, float, float]:
    """Move the peak to the centre of mass of its 3×3×3 neighbourhood."""
    low = [max(i - 1, 0) for i in index]
    box = heat[low[0] : index[0] + 2, low[1] : index[1] + 2, low[2] : index[2] + 2].astype(np.float64)
    total = float(box.sum())
    if total <= 0.0:
        return float(index[0]), float(index[1]), float(index[2])
    grid = np.indices(box.shape).reshape(3, -1) @ box.reshape(-1) / total
    return low[0] + float(grid[0]), low[1] + float(grid[1]), low[2] + float(grid[2])


def _side(channel: int, from_midline_mm: float) -> Side:
    """In LPS x grows to the patient's left (PS3.3 C.7.6.2.1.1)."""
    if SEGMENTS[channel] in _MIDLINE:
        return Side.MIDLINE
    return Side.LEFT if from_midline_mm > 0 else Side.RIGHT


def _reason(state: FindingState, location: Location) -> str:
    where = location.segment if location.side is Side.MIDLINE else f"{location.side.value} {location.segment}"
    if state is FindingState.DETECTED:
        return f"occlusion, {where}"
    if state is FindingState.INDETERMINATE:
        return f"score between the thresholds, {where}"
    return "no large vessel occlusion found"
