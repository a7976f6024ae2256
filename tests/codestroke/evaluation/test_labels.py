"""The label file."""

from __future__ import annotations

from pathlib import Path

import pytest

from codestroke.evaluation.labels import read_labels
from schemas.errors import BadSettings
from triton_models.evidence.cases import Label, Truth


def written(folder: Path, text: str) -> Path:
    path = folder / "labels.csv"
    path.write_text(text, encoding="utf-8")
    return path


def test_all_columns_are_read(tmp_path: Path) -> None:
    head = "\ufeffStudy_UID, label ,side,segment,diameter_mm,group,group_site"
    text = f"{head}\n1.2,Positive,LEFT,M1,,thin,A\n1.3,negative,,,31.5,,\n"
    assert read_labels(written(tmp_path, text)) == {
        "1.2": Truth(label=Label.POSITIVE, side="left", segment="M1", groups={"group": "thin", "site": "A"}),
        "1.3": Truth(label=Label.NEGATIVE, diameter_mm=31.5),
    }


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("study_uid\n1.2\n", "lacks the column"),
        ("study_uid,label\n1.2,maybe\n", "line 2: 'maybe'"),
        ("study_uid,label,side\n1.2,positive,up\n", "side 'up'"),
        ("study_uid,label,diameter_mm\n1.2,positive,wide\n", "'wide' is not a number"),
        ("study_uid,label,diameter_mm\n1.2,positive,-3\n", "is not a diameter"),
        ("study_uid,label\n1.2,positive\n1.2,negative\n", "names a study twice"),
    ],
)
def test_a_bad_file_is_refused_with_its_line(tmp_path: Path, text: str, said: str) -> None:
    with pytest.raises(BadSettings, match=said):
        read_labels(written(tmp_path, text))


def test_a_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(BadSettings, match=r"none\.csv"):
        read_labels(tmp_path / "none.csv")
