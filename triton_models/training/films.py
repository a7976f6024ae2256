"""Chest films for the pneumonia network: public films by person, and drawn ones, dealt into parts.

Nothing of one person is in two parts. Adult films that a radiologist read are for the test alone: nothing is trained on
them and nothing is chosen by them. Adult films with text-mined labels are for training and validation; those of
patients with COVID-19 help to set a threshold, and teach nothing, because their source goes with their label.
"""

from __future__ import annotations

import csv
import hashlib
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from schemas.errors import BadSettings
from schemas.findings import Side
from triton_models.phantoms.film import FilmParameters, render_film
from triton_models.prepared import Prepared
from triton_models.preprocessing import chest
from triton_models.training.parts import Part
from triton_models.volume import Radiograph

_FIRST_SEED = {Part.TRAIN: 700_000, Part.VALIDATION: 800_000, Part.TEST: 900_000}
_KERMANY_PERSON = re.compile(r"^(person\d+|(?:NORMAL2-)?IM-\d+)")
_TEST_SHARE, _VALIDATION_SHARE = 15, 15
# Adults are few: those that no radiologist read go to training and validation, none to the test.
_ADULT_VALIDATION_SHARE = 35
_DRAWN_SIDE = 288
LEVELS_YX = (224, 224)
TEST_ONLY = frozenset({"adults"})
VALIDATION_ONLY = frozenset({"covid"})
# ``ambiguous`` is left out.
_ADULT_LABELS = {
    "normal": False, "other_abnormal": False, "opacity": True, "opacity_unconfirmed": True, "covid19_patient": True,
}  # fmt: skip
TEXT_MINED = ("nih", "unread", "unread_other")


@dataclass(frozen=True, slots=True)
class Film:
    """One film: where it is from, its label, its view, and its levels (uint8 y,x) before contrast is evened.

    ``age`` in years and ``sex`` are those of the table, None and empty where it does not say.
    """

    source: str
    positive: bool
    view: str
    levels: NDArray[np.uint8]
    age: int | None = None
    sex: str = ""

    @property
    def picture(self) -> NDArray[np.uint8]:
        """What the model sees of it."""
        rows, columns = chest.PICTURE_YX
        return chest.evened(np.asarray(cv2.resize(self.levels, (columns, rows), interpolation=cv2.INTER_AREA)))

    @property
    def prepared(self) -> Prepared:
        """As preprocessing hands it on."""
        return Prepared({"film": self.picture[None, None]}, None, {})


@dataclass(frozen=True, slots=True)
class Entry:
    """A film on disk, not read yet."""

    path: Path
    source: str
    person: str
    positive: bool
    view: str = ""
    age: int | None = None
    sex: str = ""

    @property
    def part(self) -> Part:
        """The part of its person, the same on every machine."""
        if self.source in TEST_ONLY:
            return Part.TEST
        if self.source in VALIDATION_ONLY:
            return Part.VALIDATION
        number = int.from_bytes(hashlib.sha256(f"{self.source}/{self.person}".encode()).digest()[:4], "big") % 100
        if self.source in TEXT_MINED:
            return Part.VALIDATION if number < _ADULT_VALIDATION_SHARE else Part.TRAIN
        if number < _TEST_SHARE:
            return Part.TEST
        return Part.VALIDATION if number < _TEST_SHARE + _VALIDATION_SHARE else Part.TRAIN


def entries(data: Path | None) -> list[Entry]:
    """List all public films.

    Raises:
        BadSettings: there is no data folder.
    """
    if data is None or not (data / "cxr").is_dir():
        raise BadSettings(
            "CODESTROKE_DATA must name the data folder to train or judge the chest model", reason="no_data"
        )
    return [*_children(data / "cxr"), *_nih(data / "cxr"), *_adults(data / "cxr")]


def films(part: Part, data: Path | None, *, at_most: int, seed: int) -> Iterator[Film]:
    """Read the films of ``part``, at most ``at_most`` a source and label, in an order that the seed gives."""
    rng = np.random.default_rng([seed, 17])
    chosen = [entry for entry in entries(data) if entry.part is part]
    counts: dict[tuple[str, bool], int] = {}
    for index in rng.permutation(len(chosen)):
        entry = chosen[int(index)]
        key = (entry.source, entry.positive)
        counts[key] = counts.get(key, 0) + 1
        if counts[key] <= at_most and (film := _read(entry)) is not None:
            yield film


def drawn(part: Part, count: int, *, seed: int) -> Iterator[Film]:
    """Draw ``count`` films, every other one with a consolidation."""
    first = _FIRST_SEED[part] + 10_000 * (seed % 7)
    for number in range(count):
        rng = np.random.default_rng([first, number])
        side = (Side.NONE, Side.LEFT, Side.NONE, Side.RIGHT)[number % 4]
        parameters = FilmParameters(
            seed=first + number,
            consolidation=side,
            severity=float(rng.uniform(0.5, 1.0)),
            noise=float(rng.uniform(0.006, 0.02)),
        )
        picture, _ = render_film(parameters, (_DRAWN_SIDE, _DRAWN_SIDE))
        levels = chest.levels(Radiograph(picture, "", picture.shape), LEVELS_YX)
        if levels is not None:
            yield Film("drawn", side is not Side.NONE, "", levels)


def _read(entry: Entry) -> Film | None:
    grey = cv2.imread(str(entry.path), cv2.IMREAD_GRAYSCALE)
    if grey is None:
        return None
    pixels = np.asarray(grey, np.float32) / 255.0
    levels = chest.levels(Radiograph(pixels, "", (pixels.shape[0], pixels.shape[1])), LEVELS_YX)
    if levels is None:
        return None
    return Film(entry.source, entry.positive, entry.view, levels, entry.age, entry.sex)


def _children(root: Path) -> Iterator[Entry]:
    for label in ("NORMAL", "PNEUMONIA"):
        for path in sorted((root / "kermany_train_224" / label).glob("*.jpeg")):
            person = _KERMANY_PERSON.match(path.name)
            if person:
                yield Entry(path, "children", person.group(1), label == "PNEUMONIA", "AP")


def _nih(root: Path) -> Iterator[Entry]:
    with (root / "nih_dev.csv").open(newline="") as file:
        for row in csv.DictReader(file):
            path = root / "nih_dev_512" / row["image"]
            ill = row["label"] == "pneumonia"
            yield Entry(path, "nih", row["patient"], ill, row["view"], _age(row["age"]), row["sex"])


def _adults(root: Path) -> Iterator[Entry]:
    """The second adult set: ``adults`` where a radiologist read the film, else by text-mined label or COVID test."""
    with (root / "adults_320" / "labels.csv").open(newline="") as file:
        for row in csv.DictReader(file):
            if row["label"] in _ADULT_LABELS:
                path, ill = root / "adults_320" / row["file"], _ADULT_LABELS[row["label"]]
                yield Entry(path, _adult_source(row), row["patient_id"], ill, row["view"], _age(row["age"]), row["sex"])


def _adult_source(row: dict[str, str]) -> str:
    if not row["file"].startswith("nih/"):
        return "covid"
    if row["label_source"] in ("rsna_radiologist", "google_radiologist"):
        return "adults"
    return "unread_other" if row["label"] == "other_abnormal" else "unread"


def _age(text: str) -> int | None:
    return int(float(text)) if text.strip() else None
