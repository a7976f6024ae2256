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
METHOD = "largest outer diameter square to the centreline"
# From the hiatus to the bifurcation are some 150–200 mm; an aorta followed over less cannot be called normal.
NEEDED_LENGTH_MM = 110.0
# The lowest sections flare into the iliac arteries; the ends of a cut vessel are not measured.
_TRIM_MM, _FORK_TRIM_MM = 8.0, 18.0
_FLARE_MM, _FLAT, _NARROWING_MM, _MOST_FLARE = 30.0, 0.8, 24.0, 1.6
# So flat is no vessel but two side by side; what is near to it is about to be.
_TWO_LUMENS, _BESIDE_MM, _ROUND = 0.71, 10.0, 0.88
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
    facts, hu = prepared.facts, _hu(prepared)
    seen = probability if hu is None else with_lumen(probability, hu)
    sections = measure(seen, facts["spacing_mm"])
    if sections is None:
        return None
    along = np.arange(len(sections.major_mm)) * sections.course.step_mm
    height = facts["origin_z_mm"] + sections.course.points_mm[:, 0]
    cut = bool(height.min() - facts["low_z_mm"] < _NEAR_END_MM) and not _shows_the_fork(facts)
    abdominal = (height <= facts["hiatus_z_mm"]) & (along <= along[-1] - _TRIM_MM)
    abdominal &= along >= (_TRIM_MM if cut else _FORK_TRIM_MM)
    if facts.get("lungs"):
        abdominal &= height >= facts["hiatus_z_mm"] - _LONGEST_ABDOMEN_MM
    abdominal &= _whole(sections) & _above_flare(sections)
    if not cut:
        abdominal &= _past_narrowing(sections, abdominal)
    if int(abdominal.sum()) * sections.course.step_mm < _LEAST_LENGTH_MM:
        return None
    at = int(np.flatnonzero(abdominal)[sections.major_mm[abdominal].argmax()])
    return Measured(
        sections=sections,
        at=at,
        diameter_mm=float(sections.major_mm[at]),
        length_mm=float(abdominal.sum()) * sections.course.step_mm + _TRIM_MM,
        cut=cut,
        lost_mm=float(((sections.major_mm < _NO_VESSEL_MM) & (height <= facts["hiatus_z_mm"])).sum())
        * sections.course.step_mm,
    )


def _past_narrowing(sections: Sections, abdominal: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Sections above the lowest ones over which the vessel only narrows upwards from its end: it flares to its fork."""
    kept = np.ones(len(abdominal), bool)
    if not abdominal.any():
        return kept
    first = at = int(abdominal.argmax())
    last = min(first + round(_NARROWING_MM / sections.course.step_mm), len(kept) - 1)
    while at < last and sections.major_mm[at + 1] < sections.major_mm[at]:
        at += 1
    # A fork flares by less; what is wider is an aneurysm that reaches down to it.
    wide = float(sections.major_mm[first])
    kept[first:at] = wide > max(_MOST_FLARE * float(sections.major_mm[at]), ANEURYSM_MM)
    return kept


def _shows_the_fork(facts: Mapping[str, float]) -> bool:
    """The scan goes down so far below the lungs that the aorta has ended in it."""
    return bool(facts.get("lungs")) and facts["hiatus_z_mm"] - facts["low_z_mm"] > _LONGEST_ABDOMEN_MM


def _whole(sections: Sections) -> NDArray[np.bool_]:
    """Sections that do not reach beyond the slices in which the vessel begins and ends."""
    course, count = sections.course, sections.radius_mm.shape[1]
    angle = 2 * np.pi * np.arange(count) / count
    rise = np.cos(angle) * course.across[:, :1] + np.sin(angle) * course.along[:, :1]
    height = course.points_mm[:, :1] + sections.radius_mm * rise
    ends = course.points_mm[:, 0].min(), course.points_mm[:, 0].max()
    return np.asarray((height.min(axis=1) >= ends[0]) & (height.max(axis=1) <= ends[1]))


def _above_flare(sections: Sections) -> NDArray[np.bool_]:
    """Sections above the flat ones at the lower end, in which the vessel is about to fork; no figure of two vessels."""
    share = sections.minor_mm / np.maximum(sections.major_mm, 1e-6)
    reach = min(round(_FLARE_MM / sections.course.step_mm), len(share))
    last = np.flatnonzero(share[:reach] < _FLAT)
    kept = np.ones(len(share), bool)
    kept[: last[-1] + 1 if last.size else 0] = False
    two = (share < _TWO_LUMENS) & (np.arange(len(share)) <= len(share) // 2)
    reach = round(_BESIDE_MM / sections.course.step_mm)
    near = np.convolve(two, np.ones(2 * reach + 1), mode="same") > 0
    # A steep shoulder is flat, too: the round sections beside it stay.
    return kept & ~(near & (share < _ROUND))


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
    hu, spacing = _hu(prepared), prepared.facts["spacing_mm"]
    if hu is None:
        return Signs(is_saccular(measured.sections, measured.at), 0.0)
    slice_at = round(float(measured.sections.course.points_mm[measured.at, 0]) / spacing)
    fluid = fluid_ml(hu, probability >= INSIDE, slice_at, spacing)
    return Signs(is_saccular(measured.sections, measured.at), fluid)


def _hu(prepared: Prepared) -> NDArray[np.float32] | None:
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
