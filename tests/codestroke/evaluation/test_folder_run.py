"""Studies of a folder go through the pipeline's own code, and each gets an outcome."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from codestroke.cli import main
from codestroke.evaluation.folder import read_folder
from codestroke.evaluation.judge import NOT_THERE
from schemas.errors import BadSettings
from schemas.findings import Side
from simulator.render import Order
from simulator.shift import write
from simulator.specs import ChestFilm, Damage, KneeCt

FILM = Order(seed=9, number=1, spec=ChestFilm(rows=256))
CLOUDY = Order(seed=9, number=2, spec=ChestFilm(rows=256, consolidation=Side.LEFT))
CUT = Order(seed=9, number=3, spec=ChestFilm(rows=256, damage=Damage.CUT_PIXELS))
KNEE = Order(seed=9, number=4, spec=KneeCt())


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Four studies in four folders, beside a file that is no DICOM and a copy of one that is."""
    root = tmp_path_factory.mktemp("studies")
    for order in (FILM, CLOUDY, CUT, KNEE):
        write(order, root / str(order.number))
    (root / "notes.txt").write_text("not a DICOM file")
    (root / "copy").write_bytes((root / "1" / "00001.dcm").read_bytes())
    return root


def evaluated(capsys: pytest.CaptureFixture[str], *arguments: str) -> dict[str, Any]:
    with pytest.raises(SystemExit) as ended:
        main(["models", "evaluate", "chest", "--engine", "onnxruntime", "--json", *arguments])
    assert ended.value.code == 0
    document: dict[str, Any] = json.loads(capsys.readouterr().out.splitlines()[-1])
    return document


def test_every_study_gets_its_outcome_and_every_label_counts(
    folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    labels = tmp_path / "labels.csv"
    rows = (f"{FILM.study_uid},negative", f"{CLOUDY.study_uid},positive", f"{CUT.study_uid},negative", "1.2.3,positive")
    labels.write_text("\n".join(("study_uid,label", *rows)))
    found = evaluated(capsys, "--dicom", str(folder), "--labels", str(labels), "--report", str(tmp_path / "report"))
    cases = {case["study_uid"]: case for case in found["cases"]}
    assert set(cases) == {FILM.study_uid, CLOUDY.study_uid, CUT.study_uid, KNEE.study_uid, "1.2.3"}
    assert cases[FILM.study_uid]["outcome"] == "scored"
    assert 0.0 <= cases[FILM.study_uid]["score"] <= 1.0
    assert cases[FILM.study_uid]["seconds"] > 0
    assert cases[CLOUDY.study_uid]["score"] > cases[FILM.study_uid]["score"]
    assert cases[CUT.study_uid]["outcome"] == "failed"
    assert cases[KNEE.study_uid]["outcome"] == "not_applicable"
    assert cases["1.2.3"]["reason"] == NOT_THERE
    assert found["positive_cases"] == 2
    assert found["sensitivity"] <= 0.5  # the study that is not there was not found
    assert found["engine"] == "onnxruntime"
    assert found["model"]["sha256"]
    assert "evidence report" in (tmp_path / "report" / "report.md").read_text()


def test_names_of_files_do_not_matter_and_repeats_count_once(folder: Path) -> None:
    studies = read_folder(folder, now=datetime(2026, 1, 1, tzinfo=UTC))
    assert studies.arrivals[FILM.study_uid].series[0].instances == 1
    assert studies.arrivals[FILM.study_uid].modality == "DX"
    assert studies.passed_over >= 1


def test_an_empty_folder_and_a_bad_pathway_are_said(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for arguments, said in (
        (["chest", "--dicom", str(tmp_path)], "holds no DICOM instance"),
        (["chest", "--dicom", str(tmp_path / "none")], "is not a folder"),
        (["spleen", "--dicom", str(tmp_path)], "no pathway"),
        (["chest", "--labels", "x.csv"], "need --dicom"),
    ):
        with pytest.raises(SystemExit):
            main(["models", "evaluate", *arguments])
        assert said in capsys.readouterr().err


def test_the_folder_is_checked_before_anything_is_started(tmp_path: Path) -> None:
    with pytest.raises(BadSettings, match="not a folder"):
        read_folder(tmp_path / "none", now=datetime(2026, 1, 1, tzinfo=UTC))
