"""The evidence report: Markdown, plots, a gallery of failures, JSON and CSV in one folder.

It quotes the figures it is given and adds nothing to them. It holds no patient data beyond StudyInstanceUIDs and the
key images; treat the folder like the studies themselves.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import matplotlib as mpl
import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from sklearn.metrics import precision_recall_curve, roc_curve

from triton_models.contracts import ModelContract
from triton_models.evidence.cases import JudgedCase, Label, as_row, is_wrong
from triton_models.evidence.figures import MEASURES, calibration_bins, diameter_errors, scored
from triton_models.explanation.key_image import png

mpl.use("Agg")
NOTICE = "Research software, not a medical device. These figures hold for the cases named here and no others."
_GALLERY = 24
_DPI = 110
Plot = Callable[[Axes, Sequence[JudgedCase], ModelContract], bool]


@dataclass(frozen=True, slots=True)
class Subject:
    """What was judged, on what."""

    title: str
    on: str
    contract: ModelContract


def write_report(folder: Path, subject: Subject, cases: Sequence[JudgedCase], figures: Mapping[str, object]) -> Path:
    """Write ``report.md``, ``figures.json``, ``cases.csv``, plots and failure pictures; returns the Markdown file."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "figures.json").write_text(json.dumps(dict(figures), indent=1, default=str) + "\n", encoding="utf-8")
    table = pd.DataFrame([as_row(case) for case in cases])
    table.to_csv(folder / "cases.csv", index=False)
    plots = [name for name, plot in PLOTS.items() if _plotted(folder / f"{name}.png", plot, cases, subject.contract)]
    failures = _gallery(folder, cases)
    text = "\n\n".join(
        [
            f"# {subject.title}: evidence report",
            NOTICE,
            _subject(subject, table),
            "## Figures\n\n" + _figures(figures),
            *_groups(figures),
            *(f"![{name.replace('_', ' ')}]({name}.png)" for name in plots),
            "## Failures\n\n" + failures,
        ]
    )
    path = folder / "report.md"
    path.write_text(text + "\n", encoding="utf-8")
    return path


def failed_cases(cases: Sequence[JudgedCase]) -> list[JudgedCase]:
    """Cases that ended otherwise than their label says, the most confident errors first."""
    wrong = [case for case in cases if is_wrong(case)]
    return sorted(wrong, key=lambda case: -abs((case.score if case.score is not None else 0.5) - 0.5))


def _subject(subject: Subject, table: pd.DataFrame) -> str:
    contract, point = subject.contract, subject.contract.operating_point
    rows = {
        "Judged on": subject.on,
        "Model": f"{contract.name}, version {contract.version}",
        "Weights (SHA-256)": contract.sha256,
        "Operating point": f"{point.name}: {point.target}",
        "Thresholds": f"detected at {point.detected_at:.3f}, not detected below {point.not_detected_below:.3f}",
        "Seconds per case": _seconds(table),
    }
    return _table(["", ""], rows.items())


def _seconds(table: pd.DataFrame) -> str:
    if table.empty:
        return "-"
    middle, high = table["seconds"].median(), table["seconds"].quantile(0.95)
    return f"median {middle:.2f}, 95th percentile {high:.2f}"


def _figures(figures: Mapping[str, object]) -> str:
    rows = [
        (name.replace("_", " "), _number(figures[name]), _interval(figures, name))
        for name in (*MEASURES, "ppv_at_prevalence", "npv_at_prevalence")
        if figures.get(name) is not None
    ]
    counts = ", ".join(f"{name.replace('_', ' ')} {value}" for name, value in figures.items() if _is_count(value))
    return _table(["Figure", "Value", "95 % interval"], rows) + f"\n\nCounts: {counts}."


def _groups(figures: Mapping[str, object]) -> list[str]:
    groups = figures.get("groups")
    if not isinstance(groups, Mapping):
        return []
    return [f"### By {name}\n\n{_group_table(values)}" for name, values in groups.items()]


def _group_table(values: Mapping[str, Mapping[str, object]]) -> str:
    columns = list(next(iter(values.values()), {}))
    rows = [(value, *(_number(row.get(column)) for column in columns)) for value, row in values.items()]
    return _table(["", *(column.replace("_", " ") for column in columns)], rows)


def _gallery(folder: Path, cases: Sequence[JudgedCase]) -> str:
    failures = failed_cases([case for case in cases if case.truth.label is not Label.UNKNOWN])
    if not failures:
        return "None."
    lines = [f"{len(failures)} cases ended otherwise than their label says; up to {_GALLERY} are shown."]
    for number, case in enumerate(failures[:_GALLERY], start=1):
        said = case.state or case.outcome.kind.value
        score = "" if case.score is None else f", score {case.score:.3f}"
        lines.append(f"{number}. `{case.name}`: {case.truth.label.value}, said {said}{score}. {case.outcome.reason}")
        if case.picture is not None:
            name = f"failure_{number:02d}.png"
            (folder / name).write_bytes(png(case.picture))
            lines.append(f"   ![{case.picture.caption}]({name})")
    return "\n\n".join(lines)


def _plotted(path: Path, plot: Plot, cases: Sequence[JudgedCase], contract: ModelContract) -> bool:
    figure = Figure(figsize=(5, 4.2), dpi=_DPI, layout="constrained")
    drawn = plot(figure.add_subplot(), cases, contract)
    if drawn:
        figure.savefig(path)
    return drawn


def _roc(axes: Axes, cases: Sequence[JudgedCase], contract: ModelContract) -> bool:
    scores, truth = scored(cases)
    if not truth.any() or truth.all():
        return False
    false, true, _ = roc_curve(truth, scores)
    axes.plot(false, true)
    axes.plot([0, 1], [0, 1], ":", color="grey")
    flagged = scores >= contract.operating_point.detected_at
    axes.plot(flagged[~truth].mean(), flagged[truth].mean(), "o", label="operating point")
    axes.set(xlabel="1 - specificity", ylabel="sensitivity", title="ROC")
    axes.legend(loc="lower right")
    return True


def _precision(axes: Axes, cases: Sequence[JudgedCase], contract: ModelContract) -> bool:
    del contract
    scores, truth = scored(cases)
    if not truth.any() or truth.all():
        return False
    precision, recall, _ = precision_recall_curve(truth, scores)
    axes.plot(recall, precision)
    axes.axhline(float(truth.mean()), ls=":", color="grey", label="share of positives")
    axes.set(xlabel="sensitivity", ylabel="positive predictive value", title="Precision and recall", ylim=(0, 1.02))
    axes.legend(loc="lower left")
    return True


def _calibration(axes: Axes, cases: Sequence[JudgedCase], contract: ModelContract) -> bool:
    del contract
    bins = calibration_bins(cases)
    if not bins:
        return False
    means, shares, counts = (np.array(column) for column in zip(*bins, strict=True))
    axes.plot([0, 1], [0, 1], ":", color="grey")
    axes.scatter(means, shares, s=20 + 180 * counts / counts.max())
    axes.set(xlabel="mean score", ylabel="share of positives", title="Calibration (area: cases)")
    return True


def _scores(axes: Axes, cases: Sequence[JudgedCase], contract: ModelContract) -> bool:
    scores, truth = scored(cases)
    if scores.size == 0:
        return False
    edges = np.linspace(0, 1, 26)
    axes.hist([scores[~truth], scores[truth]], bins=list(edges), label=["negative", "positive"], stacked=False)
    point = contract.operating_point
    axes.axvline(point.detected_at, color="black", lw=1, label="detected from")
    axes.axvline(point.not_detected_below, color="black", lw=1, ls="--", label="not detected below")
    axes.set(xlabel="score", ylabel="cases", title="Scores")
    axes.legend()
    return True


def _diameters(axes: Axes, cases: Sequence[JudgedCase], contract: ModelContract) -> bool:
    del contract
    errors = diameter_errors(cases)
    if errors.size == 0:
        return False
    true = [case.truth.diameter_mm for case in cases if case.diameter() and case.truth.diameter_mm is not None]
    axes.axhspan(-2.5, 2.5, color="0.92")
    axes.axhline(0.0, ls=":", color="grey")
    axes.scatter(np.asarray(true, np.float64), errors, s=14)
    axes.set(xlabel="true diameter, mm", ylabel="measured - true, mm", title="Diameters (band: 2.5 mm)")
    return True


PLOTS: Mapping[str, Plot] = {
    "roc": _roc,
    "precision_recall": _precision,
    "calibration": _calibration,
    "scores": _scores,
    "diameters": _diameters,
}


def _is_count(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


def _number(value: object) -> str:
    if isinstance(value, float):
        return f"{value:.3f}"
    return "-" if value is None else str(value)


def _interval(figures: Mapping[str, object], name: str) -> str:
    low, high = figures.get(f"{name}_low"), figures.get(f"{name}_high")
    return "-" if low is None or high is None else f"{_number(low)} to {_number(high)}"


def _table(head: Sequence[str], rows: object) -> str:
    lines = [" | ".join(head), " | ".join("---" for _ in head)]
    lines += [" | ".join(str(cell) for cell in row) for row in rows]  # type: ignore[attr-defined]
    return "\n".join(f"| {line} |" for line in lines)
