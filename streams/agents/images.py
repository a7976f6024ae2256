"""The images of a case on the pathway's grid: the part of the analyser that fetches and decodes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from schemas.errors import PeerUnavailable, UnsuitableSeries
from streams.dicom.sources.base import ImageSource
from triton_models.volume import FilmGrid, Radiograph, Volume, VolumeGrid


class Decoder(Protocol):
    """Decodes files in a child that can be killed."""

    async def volume(self, files: list[Path], grid: VolumeGrid, *, timeout_s: float) -> Volume:
        """Read one CT series into ``grid``."""

    async def radiograph(self, path: Path, grid: FilmGrid, *, timeout_s: float) -> Radiograph:
        """Read one frontal film into ``grid``."""


@dataclass(frozen=True, slots=True)
class Images:
    """Sources by alias and the decoder."""

    sources: Mapping[str, ImageSource]
    decoder: Decoder

    def source(self, alias: str) -> ImageSource:
        """The source called ``alias``.

        Raises:
            PeerUnavailable: no such source is configured here; another process or a later setting may know it.
        """
        found = self.sources.get(alias)
        if found is None:
            raise PeerUnavailable(
                f"image source {alias!r} is not configured (setting worker.sources)", reason="unknown_source"
            )
        return found

    async def decode(self, files: list[Path], grid: VolumeGrid | FilmGrid, *, timeout_s: float) -> Volume | Radiograph:
        """Decode onto the grid of the pathway."""
        if isinstance(grid, VolumeGrid):
            return await self.decoder.volume(files, grid, timeout_s=timeout_s)
        return await self._frontal(files, grid, timeout_s=timeout_s)

    async def _frontal(self, files: list[Path], grid: FilmGrid, *, timeout_s: float) -> Radiograph:
        """The first frontal film of a series; some systems put the lateral view into the same series."""
        refused = UnsuitableSeries("the series has no images", reason="no_images")
        for path in sorted(files):
            try:
                return await self.decoder.radiograph(path, grid, timeout_s=timeout_s)
            except UnsuitableSeries as error:
                refused = error
        raise refused
