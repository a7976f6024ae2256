"""Aorta: measures the outer diameter of the segmented aorta and grades it by the threshold table.

Called by the analyser after ``check_outputs``; must not soften a threshold of the contract or of the table.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from schemas.findings import Finding, FindingState, Location, Measurement, Side, Urgency
from triton_models.contracts.load import model_ref
from triton_models.contracts.model import ModelContract, OperatingPoint
from triton_models.postprocessing.aaa_rules import ANEURYSM_MM, LEAST_BLEEDING_MM, RULE_SET, SACCULAR_MM, threshold_for
from triton_models.postprocessing.course import INSIDE
from triton_models.postprocessing.lumen import with_lumen
from triton_models.postprocessing.rupture import Signs, fluid_ml, is_saccular
from triton_models.postprocessing.score import refused, state_of
from triton_models.postprocessing.section import Sections, measure
from triton_models.prepared import Prepared, Tensor
from triton_models.preprocessing.aorta import WINDOW_HU

CODE = "aaa"
DIAMETER = "max_diameter_mm"
METHOD = "largest outer diameter square to the centreline, below the renal arteries unless wider above"
# From the hiatus to the bifurcation are some 150–200 mm; an aorta followed over less cannot be called normal.
NEEDED_LENGTH_MM = 110.0
# The ends of a vessel are not measured. Above its fork the aorta is about to be two vessels side by side: over this
# length a section counts as no wider than so many times its depth, and so many times the vessel just above.
_TRIM_MM, _FORK_TRIM_MM, _FLARE_MM, _ABOVE_FLARE_MM = 6.0, 12.0, 30.0, 16.0
_WIDER_THAN_DEEP, _WIDER_THAN_ABOVE = 1.3, 1.2
# The renal arteries leave the aorta some 100 mm above its fork, and 85 mm below the hiatus. The aorta above them is
# wider by nature: there only what is of aneurysm size, and much wider than below, is one.
_INFRARENAL_MM, _RENALS_BELOW_HIATUS_MM, _SUPRARENAL_SHARE = 108.0, 85.0, 1.35
# An aorta that reaches this near to the lowest slice goes on below it.
_NEAR_END_MM = 12.0
# The aorta forks some 150 to 200 mm below the hiatus; what lies this far below it is an iliac artery or bowel.
_LONGEST_ABDOMEN_MM = 225.0
_NO_VESSEL_MM, _LONGEST_LOSS_MM = 8.0, 16.0
# Less than this was not an aorta.
_LEAST_LENGTH_MM = 20.0
_Z95 = 1.96
_LEVELS = 255.0
BLEEDING = "dense tissue beside the aorta, perhaps blood"
SACCULAR = "saccular shape"
_GRAVEST = (Urgency.EMERGENCY, Urgency.URGENT, Urgency.ROUTINE)


@dataclass(frozen=True, slots=True)
class Measured:
    """The widest section and how much of the aorta was seen.

    Attributes:
        sections: the whole vessel.
        at: index of the widest section of the abdominal part.
        diameter_mm: its largest width, before the known bias is taken off.
        length_mm: how far the abdominal part was followed.
        cut: the aorta goes on below the lowest slice.
        lost_mm: length between the ends over which it could not be followed.
    """

    sections: Sections
    at: int
    diameter_mm: float
    length_mm: float
    cut: bool
    lost_mm: float = 0.0


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
    probability = np.asarray(outputs["probability"], np.float32)[0, 0]
    measured = measured_in(probability, prepared)
    if measured is None:
        return Finding(code=CODE, state=FindingState.INDETERMINATE, reason="aorta not found", model=model_ref(contract))
    return _graded(measured, _signs(measured, probability, prepared), prepared, contract, sex=sex)


def measured_in(probability: NDArray[np.float32], prepared: Prepared) -> Measured | None:
    """Measure the abdominal aorta in the model's answer (z,y,x), or None where none was found."""
    facts, hu = prepared.facts, hu_of(prepared)
    seen = probability if hu is None else with_lumen(probability, hu)
    sections = measure(seen, facts["spacing_mm"])
    if sections is None:
        return None
    along = np.arange(len(sections.major_mm), dtype=np.float64) * sections.course.step_mm
    height = facts["origin_z_mm"] + sections.course.points_mm[:, 0]
    cut = bool(height.min() - facts["low_z_mm"] < _NEAR_END_MM) and not _shows_the_fork(facts)
    width = sections.major_mm if cut else _before_the_fork(sections, along)
    abdominal = (height <= facts["hiatus_z_mm"]) & (along <= along[-1] - _TRIM_MM)
    abdominal &= along >= (_TRIM_MM if cut else _FORK_TRIM_MM)
    if facts.get("lungs"):
        abdominal &= height >= facts["hiatus_z_mm"] - _LONGEST_ABDOMEN_MM
    if int(abdominal.sum()) * sections.course.step_mm < _LEAST_LENGTH_MM:
        return None
    whole = abdominal & _whole(sections, cut=cut)
    seen = whole if whole.any() else abdominal
    at = _widest(width, seen, _infrarenal(height, seen, facts, cut=cut))
    return Measured(
        sections=sections,
        at=at,
        diameter_mm=float(width[at]),
        length_mm=float(abdominal.sum()) * sections.course.step_mm + _TRIM_MM,
        cut=cut,
        lost_mm=float(((sections.major_mm < _NO_VESSEL_MM) & (height <= facts["hiatus_z_mm"])).sum())
        * sections.course.step_mm,
    )


def _whole(sections: Sections, *, cut: bool) -> NDArray[np.bool_]:
    """Sections that do not reach beyond a slice in which the vessel was cut off: its course is askew there."""
    course, count = sections.course, sections.radius_mm.shape[1]
    angle = 2 * np.pi * np.arange(count) / count
    rise = np.cos(angle) * course.across[:, :1] + np.sin(angle) * course.along[:, :1]
    height = course.points_mm[:, :1] + sections.radius_mm * rise
    kept = height.max(axis=1) <= course.points_mm[:, 0].max()
    return np.asarray(kept & (height.min(axis=1) >= course.points_mm[:, 0].min()) if cut else kept)


def _before_the_fork(sections: Sections, along: NDArray[np.float64]) -> NDArray[np.float64]:
    """Widths of the sections; near the lower end no more than their depth, and the vessel just above, allow."""
    above = (along >= _FLARE_MM) & (along < _FLARE_MM + _ABOVE_FLARE_MM)
    most = _WIDER_THAN_ABOVE * float(sections.major_mm[above].max()) if above.any() else np.inf
    limited = np.minimum(np.minimum(sections.major_mm, _WIDER_THAN_DEEP * sections.minor_mm), most)
    return np.where(along < _FLARE_MM, limited, sections.major_mm)


def _infrarenal(
    height: NDArray[np.float64], abdominal: NDArray[np.bool_], facts: Mapping[str, float], *, cut: bool
) -> NDArray[np.bool_]:
    """Abdominal sections below the renal arteries; all of them where these cannot be placed."""
    if not cut:
        below = height <= height.min() + _INFRARENAL_MM
    else:
        below = height <= facts["hiatus_z_mm"] - (_RENALS_BELOW_HIATUS_MM if facts.get("lungs") else 0.0)
    return abdominal & below if (abdominal & below).any() else abdominal


def _widest(width: NDArray[np.float64], abdominal: NDArray[np.bool_], infrarenal: NDArray[np.bool_]) -> int:
    """Index of the section to report: the widest below the renal arteries, unless there is an aneurysm above them."""
    at = int(np.flatnonzero(infrarenal)[width[infrarenal].argmax()])
    top = int(np.flatnonzero(abdominal)[width[abdominal].argmax()])
    usual = float(np.median(width[infrarenal]))
    return top if width[top] > max(ANEURYSM_MM, _SUPRARENAL_SHARE * usual, width[at]) else at


def _shows_the_fork(facts: Mapping[str, float]) -> bool:
    """The scan goes down so far below the lungs that the aorta has ended in it."""
    return bool(facts.get("lungs")) and facts["hiatus_z_mm"] - facts["low_z_mm"] > _LONGEST_ABDOMEN_MM


def sigma_of(measured: Measured, point: OperatingPoint) -> float:
    """Standard error of one diameter: wider where the wall is blurred or uneven."""
    soft, rough = measured.sections.soft_mm[measured.at], measured.sections.rough_mm[measured.at]
    return math.hypot(point.sigma_mm, point.sigma_per_doubt * doubt_of(float(soft), float(rough)))


def doubt_of(soft_mm: float, rough_mm: float) -> float:
    """How unsure the wall is (mm): what its blur exceeds that of a clear wall by, and how far it strays."""
    return max(soft_mm - _CLEAR_MM, 0.0) + rough_mm


_CLEAR_MM = 1.5


def _signs(measured: Measured, probability: NDArray[np.float32], prepared: Prepared) -> Signs:
    """Signs of rupture risk beside the size; of the fluid only where the images are at hand."""
    hu, spacing = hu_of(prepared), prepared.facts["spacing_mm"]
    if hu is None:
        return Signs(is_saccular(measured.sections, measured.at), 0.0)
    slice_at = round(float(measured.sections.course.points_mm[measured.at, 0]) / spacing)
    fluid = fluid_ml(hu, probability >= INSIDE, slice_at, spacing)
    return Signs(is_saccular(measured.sections, measured.at), fluid)


def hu_of(prepared: Prepared) -> NDArray[np.float32] | None:
    """The model's column in HU, clipped to its window; None where it is not at hand."""
    volume, (low, high) = prepared.inputs.get("volume"), WINDOW_HU
    if volume is None:
        return None
    return np.asarray(volume[0, 0], np.float32) * np.float32((high - low) / _LEVELS) + np.float32(low)


def _graded(measured: Measured, signs: Signs, prepared: Prepared, contract: ModelContract, *, sex: str) -> Finding:
    point = contract.operating_point
    diameter, sigma = max(measured.diameter_mm - point.bias_mm, 0.0), sigma_of(measured, point)
    score = chance_above(diameter, sigma)
    state, hidden = state_of(score, point), _hidden(measured)
    if hidden and state is FindingState.NOT_DETECTED:
        state = FindingState.INDETERMINATE
    rows = _acting(max(diameter, ANEURYSM_MM), sex, signs) if state is FindingState.DETECTED else []
    return Finding(
        code=CODE,
        state=state,
        score=score,
        urgency=rows[0][0] if rows else Urgency.ROUTINE,
        reason=_reason(state, diameter, "; ".join(why for _, why in rows), hidden),
        location=_location(measured, prepared),
        measurements=_measurements(measured, signs, diameter, sigma),
        model=model_ref(contract),
    )


def _acting(diameter_mm: float, sex: str, signs: Signs) -> list[tuple[Urgency, str]]:
    """What an aneurysm calls for and why, gravest first: the guideline's row, then the signs of rupture risk."""
    row = threshold_for(diameter_mm, sex)
    told = [(row.urgency, f"{row.why} ({RULE_SET})")] if row else []
    if signs.bleeding and diameter_mm >= LEAST_BLEEDING_MM:
        told.append((Urgency.EMERGENCY, BLEEDING))
    if signs.saccular and diameter_mm >= SACCULAR_MM:
        told.append((Urgency.URGENT, SACCULAR))
    return sorted(told, key=lambda item: _GRAVEST.index(item[0]))


def chance_above(diameter_mm: float, sigma_mm: float) -> float:
    """Chance that the true diameter reaches aneurysm size, given the standard error of the measurement."""
    return 0.5 * (1.0 + math.erf((diameter_mm - ANEURYSM_MM) / (sigma_mm * math.sqrt(2.0))))


def _hidden(measured: Measured) -> str:
    """Why what was seen of the aorta cannot exclude an aneurysm, or nothing."""
    if measured.cut:
        return "the scan ends above the bifurcation of the aorta"
    if measured.lost_mm > _LONGEST_LOSS_MM:
        return f"{measured.lost_mm:.0f} mm of the aorta could not be followed"
    if measured.length_mm < NEEDED_LENGTH_MM:
        return f"only {measured.length_mm:.0f} mm of the abdominal aorta were seen"
    return ""


def _measurements(measured: Measured, signs: Signs, diameter: float, sigma: float) -> tuple[Measurement, ...]:
    half, sections, at = _Z95 * sigma, measured.sections, measured.at
    lean = math.degrees(math.acos(min(max(float(sections.course.tangents[at, 0]), -1.0), 1.0)))
    largest = Measurement(
        name=DIAMETER,
        value=round(diameter, 1),
        unit="mm",
        low=round(max(diameter - half, 0.0), 1),
        high=round(diameter + half, 1),
        method=METHOD,
    )
    others = (
        ("min_diameter_mm", float(sections.minor_mm[at]), "mm", "smallest width of the same section"),
        ("axial_diameter_mm", float(sections.axial_mm[at]), "mm", "largest width in the transverse slice there"),
        ("plane_obliquity_deg", lean, "deg", "plane of the diameter against the transverse plane"),
        ("volume_ml", sections.volume_ml, "ml", "inside the outer wall, as far as it was seen"),
        ("dense_tissue_beside_ml", signs.fluid_ml, "ml", "as dense as fresh blood, on the fuller side of the aorta"),
    )
    return largest, *(Measurement(name=n, value=round(v, 1), unit=u, method=m) for n, v, u, m in others)


def _location(measured: Measured, prepared: Prepared) -> Location:
    facts = prepared.facts
    z, y, x = (float(v) for v in measured.sections.course.points_mm[measured.at])
    point = (facts["origin_x_mm"] + x, facts["origin_y_mm"] + y, facts["origin_z_mm"] + z)
    return Location(side=Side.MIDLINE, segment="abdominal aorta", point_lps_mm=point)


def _reason(state: FindingState, diameter_mm: float, why: str, hidden: str) -> str:
    if state is FindingState.DETECTED:
        return f"{diameter_mm:.0f} mm, {why}"
    if state is FindingState.INDETERMINATE:
        return f"{diameter_mm:.0f} mm, {hidden or f'too close to {ANEURYSM_MM:.0f} mm to call'}"
    return f"{diameter_mm:.0f} mm, no aneurysm"
