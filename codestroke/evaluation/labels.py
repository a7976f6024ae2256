"""The label file: CSV with the columns ``study_uid,label`` and, where known, ``side,segment,diameter_mm,group``.

Any further column whose name begins with ``group_`` becomes a group of its own in the report.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from pathlib import Path

import pandas as pd

from schemas.errors import BadSettings
from triton_models.evidence.cases import Label, Truth

_LABELS = {label.value: label for label in Label if label is not Label.UNKNOWN}
_SIDES = ("", "left", "right", "midline")


def read_labels(path: Path) -> dict[str, Truth]:
    """Read the truth of each study.

    Raises:
        BadSettings: the file cannot be read, lacks a column, names a study twice, or holds a word that is none.
    """
    try:
        table = pd.read_csv(path, dtype=str, keep_default_na=False, encoding="utf-8-sig")
    except (OSError, ValueError) as error:
        raise BadSettings(f"the label file {path} cannot be read: {error}", reason="labels") from error
    table.columns = table.columns.str.strip().str.lower()
    missing = {"study_uid", "label"} - set(table.columns)
    if missing:
        raise BadSettings(f"the label file {path} lacks the column(s) {', '.join(sorted(missing))}", reason="labels")
    rows = [{str(k): str(v).strip() for k, v in row.items()} for row in table.to_dict("records")]
    truths = {row["study_uid"]: _truth(row, line) for line, row in enumerate(rows, start=2)}
    if len(truths) < len(rows):
        raise BadSettings(f"the label file {path} names a study twice", reason="labels")
    return truths


def _truth(row: Mapping[str, str], line: int) -> Truth:
    label, side = row["label"].lower(), row.get("side", "").lower()
    if label not in _LABELS:
        raise BadSettings(f"labels, line {line}: {label!r} is none of {', '.join(_LABELS)}", reason="labels")
    if side not in _SIDES:
        raise BadSettings(f"labels, line {line}: side {side!r} is not left, right or midline", reason="labels")
    groups = {name.removeprefix("group_"): value for name, value in row.items() if name.startswith("group") and value}
    return Truth(
        label=_LABELS[label],
        side=side,
        segment=row.get("segment", ""),
        diameter_mm=_number(row.get("diameter_mm", ""), line),
        groups=groups,
    )


def _number(text: str, line: int) -> float | None:
    if not text:
        return None
    try:
        value = float(text)
    except ValueError as error:
        raise BadSettings(f"labels, line {line}: {text!r} is not a number", reason="labels") from error
    if not math.isfinite(value) or value <= 0:
        raise BadSettings(f"labels, line {line}: {text!r} is not a diameter", reason="labels")
    return value
