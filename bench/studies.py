"""Studies for the benchmarks: one rendered study, sent again and again under new UIDs.

Only UIDs, patient and times change from copy to copy, so that rendering costs once and pixels stay the same.
"""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import pydicom
from pydicom.dataset import Dataset


@dataclass(frozen=True, slots=True)
class Copy:
    """A study under its own UIDs."""

    study_uid: str
    datasets: Sequence[Dataset]


def load(folder: Path) -> list[Dataset]:
    """Read every instance below ``folder`` into memory, in order of file name."""
    return [pydicom.dcmread(path) for path in sorted(folder.rglob("*.dcm"))]


def copies(datasets: Sequence[Dataset], *, seed: int) -> Iterator[Copy]:
    """Endless copies of a study; the datasets themselves are restamped, so send one before taking the next."""
    rng = random.Random(seed)
    while True:
        root = f"2.25.{rng.getrandbits(96)}"
        series: dict[str, str] = {}
        for number, dataset in enumerate(datasets, start=1):
            old = str(dataset.SeriesInstanceUID)
            series.setdefault(old, f"{root}.{len(series) + 1}")
            dataset.StudyInstanceUID = f"{root}.0"
            dataset.SeriesInstanceUID = series[old]
            dataset.SOPInstanceUID = f"{series[old]}.{number}"
            dataset.file_meta.MediaStorageSOPInstanceUID = dataset.SOPInstanceUID
            dataset.FrameOfReferenceUID = f"{root}.9"
            dataset.PatientID = f"SYN{root[-8:]}"
        yield Copy(f"{root}.0", datasets)
