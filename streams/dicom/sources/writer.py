"""Instances from a PACS onto the disk, within limits.

A file appears under its final name only when it is complete, so that a second attempt can keep what the first one
got. Writing goes to the page cache: these files are read a moment later and thrown away.
"""

from __future__ import annotations

from pathlib import Path
from typing import IO, Final

from schemas.errors import BadDicom, UnsuitableSeries
from streams.dicom.scan import scan

_SUFFIX: Final = ".dcm"


class InstanceWriter:
    """Writes instance files into one folder and counts what it wrote."""

    def __init__(self, folder: Path, *, max_bytes: int, max_instances: int) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self._folder, self._max_bytes, self._max_instances = folder, max_bytes, max_instances
        self._written = 0
        self.files: list[Path] = []

    def path_of(self, name: str) -> Path:
        """Final path of the instance called ``name``."""
        return self._folder / f"{name}{_SUFFIX}"

    def has(self, name: str) -> bool:
        """Take an instance that an earlier attempt completed."""
        path = self.path_of(name)
        if path.exists() and path not in self.files:
            self.files.append(path)
        return path.exists()

    def open(self, name: str) -> IO[bytes]:
        """Begin an instance.

        Raises:
            UnsuitableSeries: more instances than allowed.
        """
        if len(self.files) >= self._max_instances:
            raise UnsuitableSeries(f"series has more than {self._max_instances} instances", reason="too_many_instances")
        return self.path_of(name).with_suffix(".part").open("wb")

    def write(self, file: IO[bytes], data: bytes) -> None:
        """Append to an instance.

        Raises:
            UnsuitableSeries: more bytes than allowed.
        """
        self._written += len(data)
        if self._written > self._max_bytes:
            raise UnsuitableSeries(f"series is larger than {self._max_bytes} bytes", reason="too_large")
        file.write(data)

    def finish(self, name: str) -> None:
        """Give a complete instance its final name."""
        path = self.path_of(name)
        path.with_suffix(".part").replace(path)
        self.files.append(path)

    def discard(self) -> None:
        """Forget and remove what was written: the answer it came from was not complete."""
        for path in self.files:
            path.unlink(missing_ok=True)
        self.files.clear()
        self._written = 0


def check_belonging(files: list[Path], study_uid: str, series_uid: str) -> list[Path]:
    """Make sure that every file is an instance of this study and series; returns them sorted.

    Raises:
        BadDicom: one is damaged, or belongs elsewhere.
    """
    for path in files:
        header = scan(path)
        if header.study_uid != study_uid:
            raise BadDicom("the PACS gave an instance of another study", reason="wrong_study")
        if header.series_uid != series_uid:
            raise BadDicom("the PACS gave an instance of another series", reason="wrong_series")
    return sorted(files)
