"""Nobody is in two parts, and no film that a radiologist read is trained on or chosen by."""

from __future__ import annotations

from pathlib import Path

import pytest

from triton_models.training.films import Entry, entries
from triton_models.training.parts import Part

pytestmark = pytest.mark.train
ADULTS = "file,patient_id,label,view,age,sex,label_source\n"
NIH = "image,patient,age,sex,view,label\n"


@pytest.fixture
def listed(tmp_path: Path) -> list[Entry]:
    for label in ("NORMAL", "PNEUMONIA"):
        folder = tmp_path / "cxr" / "kermany_train_224" / label
        folder.mkdir(parents=True)
        for person in range(40):
            for number in range(2):
                (folder / f"person{person}_{label.lower()}_{number}.jpeg").touch()
    rows = [f"nih/{n}.jpg,{n},normal,PA,50,F,nih_text_mined" for n in range(60)]
    rows += [f"nih/r{n}.jpg,r{n},opacity,AP,50,M,rsna_radiologist" for n in range(20)]
    rows += ["nih/a.jpg,a,ambiguous,PA,50,F,nih_text_mined", "hannover/h.jpg,h,covid19_patient,AP,,,pcr_patient_level"]
    (tmp_path / "cxr" / "adults_320").mkdir()
    (tmp_path / "cxr" / "adults_320" / "labels.csv").write_text(ADULTS + "\n".join(rows))
    dev = [f"{n}_{k}.png,{n},40,M,PA,pneumonia" for n in range(60) for k in range(2)]
    (tmp_path / "cxr" / "nih_dev.csv").write_text(NIH + "\n".join(dev))
    return entries(tmp_path)


def test_every_film_of_a_person_is_in_one_part(listed: list[Entry]) -> None:
    parts: dict[tuple[str, str], set[Part]] = {}
    for entry in listed:
        parts.setdefault((entry.source, entry.person), set()).add(entry.part)
    assert all(len(found) == 1 for found in parts.values())
    assert {part for found in parts.values() for part in found} == set(Part)


def test_what_a_radiologist_read_is_for_the_test_alone(listed: list[Entry]) -> None:
    assert {entry.part for entry in listed if entry.source == "adults"} == {Part.TEST}
    assert all(entry.part is not Part.TEST for entry in listed if entry.source in ("nih", "unread"))


def test_covid_films_teach_nothing(listed: list[Entry]) -> None:
    assert {entry.part for entry in listed if entry.source == "covid"} == {Part.VALIDATION}


def test_ambiguous_labels_are_left_out(listed: list[Entry]) -> None:
    assert not any(entry.person == "a" for entry in listed)
