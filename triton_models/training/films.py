"""Chest films for the pneumonia network: public films by person, and drawn ones, dealt into parts.

Nothing of one person is in two parts. Films whose label a radiologist gave are kept for the test alone.
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
_DRAWN_SIDE = 384


@dataclass(frozen=True, slots=True)
class Film:
    """One film: where it is from, its label, its view, and the model's picture (uint8 y,x)."""

    source: str
    positive: bool
    view: str
    picture: NDArray[np.uint8]

    @property
    def prepared(self) -> Prepared:
        """As preprocessing hands it on."""
        return Prepared({"film": self.picture[None, None]}, None, {})


@dataclass(frozen=True, slots=True)
class Entry:
    """A film on disk, not read yet; ``radiologist`` says that its label is a radiologist's own."""

    path: Path
    source: str
    person: str
    positive: bool
    view: str = ""
    radiologist: bool = False

    @property
    def part(self) -> Part:
        """The part of its person, the same on every machine."""
        if self.radiologist:
            return Part.TEST
        number = int.from_bytes(hashlib.sha256(f"{self.source}/{self.person}".encode()).digest()[:4], "big") % 100
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
    found = [*_children(data / "cxr"), *_nih(data / "cxr"), *_adults(data / "cxr")]
    # A person whose film a radiologist read belongs to the test with every film.
    kept = {entry.person for entry in found if entry.radiologist}
    return [entry for entry in found if entry.radiologist or not (entry.source == "adults" and entry.person in kept)]


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
        made = chest.prepare(Radiograph(picture, "", picture.shape))
        yield Film("drawn", side is not Side.NONE, "", np.asarray(made.inputs["film"], np.uint8)[0, 0])


def _read(entry: Entry) -> Film | None:
    grey = cv2.imread(str(entry.path), cv2.IMREAD_GRAYSCALE)
    if grey is None:
        return None
    pixels = np.asarray(grey, np.float32) / 255.0
    made = chest.prepare(Radiograph(pixels, "", (pixels.shape[0], pixels.shape[1])))
    if made.refusal is not None:
        return None
    return Film(entry.source, entry.positive, entry.view, np.asarray(made.inputs["film"], np.uint8)[0, 0])


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
            yield Entry(path, "nih", row["patient"], row["label"] == "pneumonia", row["view"])


def _adults(root: Path) -> Iterator[Entry]:
    """The NIH part: hard negatives and normals for training, radiologist-read films for the test.

    Hannover and COVID-CXNet stay out: their source goes with their label.
    """
    with (root / "adults_320" / "labels.csv").open(newline="") as file:
        for row in csv.DictReader(file):
            read = row["label_source"] in ("rsna_radiologist", "google_radiologist")
            if row["file"].startswith("nih/") and row["target"] in ("0", "1"):
                positive = row["target"] == "1"
                path = root / "adults_320" / row["file"]
                yield Entry(path, "adults", row["patient_id"], positive, row["view"], radiologist=read)
