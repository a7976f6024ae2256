"""The key image of an occlusion: a thick axial slab of the arteries, the heat over it, a ring where the model looks.

Called by the analyser through the pathway. Shows the model's own slabs, from which bone was taken out, laid straight
about the long axis: what a reader calls a maximum-intensity projection. Decides nothing; an open head has no picture.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from schemas.findings import Finding, FindingState, Side
from triton_models.explanation.key_image import (
    AMBER,
    KeyImage,
    Picture,
    enlarged,
    labelled,
    ringed,
    warmed,
    windowed,
    written,
)
from triton_models.postprocessing.stroke import HEAT_STRIDE, SEGMENTS, block_point, patient_point
from triton_models.prepared import Prepared, Tensor
from triton_models.preprocessing.vessels import SLAB_MM
from triton_models.volume import Volume

# A slab of 20 mm holds an M1 whole even in a tilted head.
_SLABS = 4
_PIXELS_PER_MM = 5
_RING_MM = 7.0
_BRIGHTEST = 230.0
# The bone channel shines through faintly, so that a reader knows the place.
_BONE_SHARE = 0.25


def key_image(volume: Volume, prepared: Prepared, outputs: Mapping[str, Tensor], finding: Finding) -> KeyImage | None:
    """Draw the suspected artery.

    Returns:
        None where nothing is suspected or the model was not asked. Otherwise columns grow to the patient's left and
        rows to posterior, as in a radiologist's axial picture; ``heat`` is the model's whole heat map (segment,z,y,x)
        and ``mip`` the slab (y,x); the facts place both: ``origin_*_mm`` and ``step_<axis>_*_mm`` of the 1 mm block,
        ``heat_stride_<axis>``, ``slab_first_mm`` and ``slab_mm`` along the block's z.
    """
    del volume  # the slabs already hold what is shown, on the axes of the heat map
    point = finding.location.point_lps_mm
    if finding.state is FindingState.NOT_DETECTED or point is None or "slabs" not in prepared.inputs:
        return None
    at = block_point(point, prepared.facts)
    heat = np.asarray(outputs["heat"], np.float32)[0]
    first = _first_slab(float(at[0]), prepared.inputs["slabs"].shape[2])
    mip = _projected(np.asarray(prepared.inputs["slabs"], np.float32)[0, :, first : first + _SLABS])
    picture = _drawn(mip, _heat_of(heat, finding, first), at)
    words = _words(finding)
    written(picture, words, (6, 22), AMBER, 0.6)
    labelled(picture)
    facts = _placed(prepared.facts, first)
    return KeyImage(
        picture, f"{words}; axial slab of {_SLABS * SLAB_MM} mm, bone removed", {"heat": heat, "mip": mip}, facts
    )


def _first_slab(z_mm: float, count: int) -> int:
    """The first of the slabs that lie around a height of the block."""
    return int(np.clip(round(z_mm / SLAB_MM - _SLABS / 2), 0, count - _SLABS))


def _projected(slabs: NDArray[np.float32]) -> NDArray[np.float32]:
    """The brightest of each column: vessels, over faint bone."""
    vessels, everything = slabs.max(axis=1)
    return np.asarray(np.maximum(vessels, _BONE_SHARE * everything), np.float32)


def _heat_of(heat: NDArray[np.float32], finding: Finding, first: int) -> NDArray[np.float32]:
    """The heat of the suspected artery within the slab."""
    low = first * SLAB_MM // HEAT_STRIDE[0]
    high = -(-(first + _SLABS) * SLAB_MM // HEAT_STRIDE[0])
    shown = heat[SEGMENTS.index(finding.location.segment), low:high].max(axis=0)
    return np.asarray(shown / max(float(shown.max()), 1e-6))


def _drawn(mip: NDArray[np.float32], heat: NDArray[np.float32], at_zyx: NDArray[np.float64]) -> Picture:
    picture = warmed(enlarged(windowed(mip, 0.0, _BRIGHTEST), _PIXELS_PER_MM), heat)
    _, y, x = (float(v) for v in at_zyx)
    ringed(picture, ((x + 0.5) * _PIXELS_PER_MM, (y + 0.5) * _PIXELS_PER_MM), _RING_MM * _PIXELS_PER_MM)
    return picture


def _words(finding: Finding) -> str:
    where = finding.location
    artery = where.segment if where.side is Side.MIDLINE else f"{where.side.value} {where.segment}"
    certainty = "suspected" if finding.state is FindingState.DETECTED else "undecided"
    score = "" if finding.score is None else f", score {finding.score:.2f}"
    return f"Occlusion {certainty}: {artery}{score}"


def _placed(facts: Mapping[str, float], first: int) -> dict[str, float]:
    middle = (first * SLAB_MM + (_SLABS * SLAB_MM - 1) / 2, 0.0, 0.0)
    placed = {name: value for name, value in facts.items() if name.startswith(("origin_", "step_"))}
    placed |= {f"heat_stride_{axis}": float(n) for axis, n in zip("zyx", HEAT_STRIDE, strict=True)}
    plane_z_mm = patient_point(middle, facts)[2]
    slab = {"slab_first_mm": float(first * SLAB_MM), "slab_mm": float(_SLABS * SLAB_MM)}
    return placed | slab | {"plane_z_mm": plane_z_mm, "pixel_mm": 1.0 / _PIXELS_PER_MM}
