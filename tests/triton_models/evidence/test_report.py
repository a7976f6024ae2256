"""The report says what it was given, and shows the failures."""

from __future__ import annotations

import json
from pathlib import Path

import pandas as pd

from schemas.findings import FindingState
from tests.triton_models.evidence.builders import judged
from triton_models.contracts import load_contract
from triton_models.evidence.cases import Label
from triton_models.evidence.figures import figures_of, grouped
from triton_models.evidence.report import NOTICE, Subject, failed_cases, write_report

YES, NO = FindingState.DETECTED, FindingState.NOT_DETECTED
CASES = [
    *(judged(Label.POSITIVE, YES, score=0.7 + 0.02 * i, name=f"1.1.{i}") for i in range(8)),
    *(judged(Label.NEGATIVE, NO, score=0.1 + 0.02 * i, name=f"1.2.{i}") for i in range(8)),
    judged(Label.NEGATIVE, YES, score=0.97, name="1.3.1"),
    judged(Label.POSITIVE, None, name="1.3.2"),
]


def test_the_report_quotes_figures_and_shows_failures(tmp_path: Path) -> None:
    figures = {**figures_of(CASES, prevalence=0.1), "groups": grouped(CASES)}
    contract = load_contract("lvo_cta_head")
    path = write_report(tmp_path / "r", Subject("Occlusion", "18 cases", contract), CASES, figures)
    text = path.read_text()
    assert NOTICE in text
    assert contract.sha256 in text
    assert f"| auroc | {figures['auroc']:.3f} |" in text
    assert "`1.3.1`: negative, said detected, score 0.970" in text
    for name in ("roc", "precision_recall", "calibration", "scores", "failure_01"):
        assert f"({name}.png)" in text
        assert (tmp_path / "r" / f"{name}.png").stat().st_size > 50
    assert json.loads((tmp_path / "r" / "figures.json").read_text())["auroc"] == figures["auroc"]
    assert len(pd.read_csv(tmp_path / "r" / "cases.csv")) == len(CASES)


def test_the_most_confident_error_comes_first() -> None:
    assert [case.name for case in failed_cases(CASES)] == ["1.3.1", "1.3.2"]


def test_without_labels_there_are_no_plots_and_no_failures(tmp_path: Path) -> None:
    cases = [judged(Label.UNKNOWN, YES, score=0.9)]
    subject = Subject("Occlusion", "1 case", load_contract("lvo_cta_head"))
    text = write_report(tmp_path, subject, cases, figures_of(cases)).read_text()
    assert "None." in text
    assert not list(tmp_path.glob("*.png"))
