"""Breaking studies on purpose, as real senders do."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator

from pydicom.dataset import FileDataset

from simulator.specs import Damage

_Breaker = Callable[[Iterable[FileDataset]], Iterator[FileDataset]]


def damaged(instances: Iterable[FileDataset], damage: Damage) -> Iterator[FileDataset]:
    """Pass the instances of a study on, broken as told."""
    return _BREAKERS[damage](instances)


def _whole(instances: Iterable[FileDataset]) -> Iterator[FileDataset]:
    yield from instances


def _missing_slices(instances: Iterable[FileDataset]) -> Iterator[FileDataset]:
    for instance in instances:
        if instance.InstanceNumber not in (40, 41, 42):
            yield instance


def _cut_pixels(instances: Iterable[FileDataset]) -> Iterator[FileDataset]:
    for instance in instances:
        if instance.InstanceNumber == 30:  # noqa: PLR2004 - some slice in the middle
            instance.PixelData = instance.PixelData[: len(instance.PixelData) // 3]
        yield instance


def _mixed_spacing(instances: Iterable[FileDataset]) -> Iterator[FileDataset]:
    for instance in instances:
        if instance.InstanceNumber > 60:  # noqa: PLR2004 - the second half
            instance.PixelSpacing = [float(value) * 1.5 for value in instance.PixelSpacing]
        yield instance


def _lying_rows(instances: Iterable[FileDataset]) -> Iterator[FileDataset]:
    for instance in instances:
        instance.Rows = int(instance.Rows) * 4
        yield instance


_BREAKERS: dict[Damage, _Breaker] = {
    Damage.NONE: _whole,
    Damage.MISSING_SLICES: _missing_slices,
    Damage.CUT_PIXELS: _cut_pixels,
    Damage.MIXED_SPACING: _mixed_spacing,
    Damage.LYING_ROWS: _lying_rows,
}
