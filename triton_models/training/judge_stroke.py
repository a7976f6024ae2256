"""Judges the LVO network on heads of trees that it never saw: by segment, hard negative, thickness and contrast.

Called by ``training.stroke``. Every head goes through the preprocessing and the reading of the running pathway; the
intervals are bootstrap intervals over heads.
"""

from __future__ import annotations

import functools
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from schemas.findings import Finding, FindingState, Outcome, Side
from triton_models.contracts import ModelContract
from triton_models.evidence.cases import JudgedCase, Keep, Label, Truth, drop
from triton_models.postprocessing import stroke as reading
from triton_models.training.cases_stroke import HeadCase, heads, plain_heads
from triton_models.training.metrics import auroc, bootstrap
from triton_models.training.parts import Part
from triton_models.training.pictures import Outputs, of_head, with_picture
from triton_models.training.plain_head import plain_head
from triton_models.training.record import progress_over
from triton_models.training.session import OnnxModel
from triton_models.training.settings_stroke import HeadSettings

_THIN_MM, _SOFT_KERNEL, _GRAINY_HU, _FAINT_HU, _GOOD_COLLATERALS = 1.1, 0.0, 15.0, 250.0, 0.5


@dataclass(frozen=True, slots=True)
class Row:
    """One judged head."""

    segment: str
    side: Side
    hard: str
    measured: bool
    facts: dict[str, float]
    finding: Finding
    error_mm: float | None
    seconds: float

    @property
    def blocked(self) -> bool:
        """An artery is blocked."""
        return self.segment != ""

    @property
    def detected(self) -> bool:
        """The stroke team would be paged."""
        return self.finding.state is FindingState.DETECTED

    @property
    def score(self) -> float:
        """The score; a refused head has none and counts as 0.5."""
        return 0.5 if self.finding.score is None else self.finding.score


def judged(
    model: OnnxModel, contract: ModelContract, settings: HeadSettings, data: Path | None, keep: Keep = drop
) -> dict[str, object]:
    """Judge the test part; every head is given to ``keep``.

    Returns:
        ``auroc``, ``sensitivity``, ``specificity`` (share not flagged as detected), ``side_accuracy`` (of detected
        occlusions that have a side), ``specificity_hard_negatives``, each with ``_low`` and ``_high``; strict figures,
        in which an indeterminate head is wrong whatever is true; and the same by group.
    """
    count, seed = settings.test_cases, settings.seed
    made = plain_heads(Part.TEST, count, seed=seed) if settings.plain else heads(Part.TEST, count, data=data, seed=seed)
    rows = []
    for number, case in enumerate(progress_over(made, count, "test heads")):
        row, outputs = _row(case, model, contract)
        rows.append(row)
        told = _case(f"head {number}", row)
        keep(with_picture(told, functools.partial(of_head, case.prepared, outputs, row.finding)))
    result: dict[str, object] = dict(figures(rows))
    result["by_segment"] = {name: _segment([r for r in rows if r.segment == name]) for name in reading.SEGMENTS}
    kinds = sorted({r.hard for r in rows if r.hard and not r.blocked})
    result["hard_negatives"] = {k: _negatives([r for r in rows if r.hard == k and not r.blocked]) for k in kinds}
    result["groups"] = {name: _group(rows, inside) for name, inside in _GROUPS.items()}
    result["seconds_tensor_to_finding"] = round(float(np.median([r.seconds for r in rows])), 3)
    result["real_plain_head"] = _plain(model, contract, data)
    return result


def figures(rows: list[Row]) -> dict[str, float]:
    """Figures over heads, with bootstrap intervals."""
    found: dict[str, float] = {
        "cases": len(rows),
        "positives": sum(r.blocked for r in rows),
        "refused": sum(r.finding.score is None for r in rows),
        "indeterminate": sum(r.finding.state is FindingState.INDETERMINATE for r in rows),
    }
    for name, measure in _MEASURES.items():
        found[name] = measure(rows)
        found[f"{name}_low"], found[f"{name}_high"] = bootstrap(rows, measure)
    errors = [r.error_mm for r in rows if r.detected and r.error_mm is not None]
    found["error_mm_median"] = float(np.median(errors)) if errors else float("nan")
    return found


def _share(rows: Iterable[Row], of: Callable[[Row], bool], good: Callable[[Row], bool]) -> float:
    asked = [good(r) for r in rows if of(r)]
    return float(np.mean(asked)) if asked else float("nan")


def _auroc(rows: list[Row]) -> float:
    return auroc(np.array([r.score for r in rows], np.float64), np.array([r.blocked for r in rows], bool))


def _rests(row: Row) -> bool:
    return row.finding.state is FindingState.NOT_DETECTED


_MEASURES: dict[str, Callable[[list[Row]], float]] = {
    "auroc": _auroc,
    "sensitivity": lambda rows: _share(rows, lambda r: r.blocked, lambda r: r.detected),
    "specificity": lambda rows: _share(rows, lambda r: not r.blocked, lambda r: not r.detected),
    "specificity_strict": lambda rows: _share(rows, lambda r: not r.blocked, _rests),
    "side_accuracy": lambda rows: _share(
        rows, lambda r: r.detected and r.side in (Side.LEFT, Side.RIGHT), lambda r: r.finding.location.side is r.side
    ),
    "segment_accuracy": lambda rows: _share(
        rows, lambda r: r.detected and r.blocked, lambda r: r.finding.location.segment == r.segment
    ),
    "specificity_hard_negatives": lambda rows: _share(
        rows, lambda r: not r.blocked and r.hard != "", lambda r: not r.detected
    ),
    "specificity_hard_negatives_strict": lambda rows: _share(rows, lambda r: not r.blocked and r.hard != "", _rests),
}

_GROUPS: dict[str, Callable[[Row], bool]] = {
    "measured trees": lambda r: r.measured,
    "drawn trees": lambda r: not r.measured,
    "thin slices": lambda r: r.facts["slice_mm"] < _THIN_MM,
    "thick slices": lambda r: r.facts["slice_mm"] >= _THIN_MM,
    "soft kernel": lambda r: r.facts["kernel"] < _SOFT_KERNEL,
    "sharp kernel": lambda r: r.facts["kernel"] >= _SOFT_KERNEL,
    "noise above 15 HU": lambda r: r.facts["noise_hu"] > _GRAINY_HU,
    "arteries below 250 HU": lambda r: r.facts["arterial_hu"] < _FAINT_HU,
    "good collaterals": lambda r: not r.blocked or r.facts["collateral"] > _GOOD_COLLATERALS,
}


def _group(rows: list[Row], inside: Callable[[Row], bool]) -> dict[str, float]:
    own = [r for r in rows if inside(r)]
    names = ("auroc", "sensitivity", "specificity")
    return {"cases": len(own), **{name: _MEASURES[name](own) for name in names}}


def _segment(rows: list[Row]) -> dict[str, float]:
    return {
        "cases": len(rows),
        "detected": sum(r.detected for r in rows),
        "indeterminate": sum(r.finding.state is FindingState.INDETERMINATE for r in rows),
        "right_side": sum(r.detected and r.finding.location.side is r.side for r in rows),
        "right_segment": sum(r.detected and r.finding.location.segment == r.segment for r in rows),
    }


def _negatives(rows: list[Row]) -> dict[str, float]:
    indeterminate = sum(r.finding.state is FindingState.INDETERMINATE for r in rows)
    return {"cases": len(rows), "flagged": sum(r.detected for r in rows), "indeterminate": indeterminate}


def _row(case: HeadCase, model: OnnxModel, contract: ModelContract) -> tuple[Row, Outputs]:
    start = time.perf_counter()
    outputs = {} if case.prepared.refusal else model(case.prepared.inputs)
    finding = reading.read(outputs, case.prepared, contract)
    seconds = time.perf_counter() - start + case.facts["prepare_s"]
    truth, place = case.truth, finding.location.point_lps_mm
    error = float(np.linalg.norm(np.subtract(truth.site_lps_mm, place))) if truth.site_lps_mm and place else None
    segment = truth.segment.value if truth.segment else ""
    hard = case.hard.value if case.hard else ""
    return Row(segment, truth.side, hard, case.measured, case.facts, finding, error, seconds), outputs


def _case(name: str, row: Row) -> JudgedCase:
    thickness, kernel, strength = row.facts["slice_mm"], row.facts["kernel"], row.facts["arterial_hu"]
    groups = {
        "segment": row.segment or "open",
        "hard negative": row.hard or "none",
        "trees": "measured" if row.measured else "drawn",
        "slices": "thin" if thickness < _THIN_MM else "thick",
        "kernel": "soft" if kernel < _SOFT_KERNEL else "sharp",
        "noise": "above 15 HU" if row.facts["noise_hu"] > _GRAINY_HU else "up to 15 HU",
        "arteries": "below 250 HU" if strength < _FAINT_HU else "from 250 HU",
    }
    label = Label.POSITIVE if row.blocked else Label.NEGATIVE
    truth = Truth(label=label, side=row.side.value, segment=row.segment, groups=groups)
    return JudgedCase(name=name, truth=truth, outcome=Outcome.scored(row.finding), seconds=row.seconds)


def _plain(model: OnnxModel, contract: ModelContract, data: Path | None) -> str:
    """What the pathway says of the real head without contrast."""
    prepared = plain_head(data)
    if prepared is None:
        return "no data"
    outputs = {} if prepared.refusal else model(prepared.inputs)
    finding = reading.read(outputs, prepared, contract)
    return f"{finding.state.value}: {finding.reason}"
