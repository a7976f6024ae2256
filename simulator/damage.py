"""Breaking studies on purpose, as real senders do.

Called by ``render``. Each way to break passes instances on one by one; what a reader must make of them is written in
the tests.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from itertools import islice

import numpy as np
from pydicom.dataset import FileDataset
from pydicom.encaps import encapsulate
from pydicom.uid import JPEG2000Lossless

from simulator.specs import Damage

_Breaker = Callable[[Iterable[FileDataset]], Iterator[FileDataset]]
# Instance numbers; every CT of the simulator has at least 40 slices, and a film has number 1 only.
_MISSING = frozenset({20, 21, 22})
_REPEATED = 20
_CUT = 30
_WIDER_FROM = 20
_CHUNK = 8
_GARBAGE_BYTES = 2048


def damaged(instances: Iterable[FileDataset], damage: Damage) -> Iterator[FileDataset]:
    """Pass the instances of a study on, broken as told."""
    return _BREAKERS[damage](instances)


def _whole(instances: Iterable[FileDataset]) -> Iterator[FileDataset]:
    yield from instances


def _missing_slices(instances: Iterable[FileDataset]) -> Iterator[FileDataset]:
    return (instance for instance in instances if int(instance.InstanceNumber) not in _MISSING)


def _repeated_slices(instances: Iterable[FileDataset]) -> Iterator[FileDataset]:
    """One slice comes again as another instance with other pixels at the same place."""
    for instance in instances:
        yield instance
        if int(instance.InstanceNumber) == _REPEATED:
            instance.SOPInstanceUID = f"{instance.SOPInstanceUID}.1"
            instance.file_meta.MediaStorageSOPInstanceUID = instance.SOPInstanceUID
            instance.PixelData = bytes(len(instance.PixelData))
            yield instance


def _out_of_order(instances: Iterable[FileDataset]) -> Iterator[FileDataset]:
    """A sender with several threads: within each handful the last comes first."""
    rest = iter(instances)
    while chunk := list(islice(rest, _CHUNK)):
        yield from reversed(chunk)


def _cut_pixels(instances: Iterable[FileDataset]) -> Iterator[FileDataset]:
    """The sender's disk was full: one slice, or a film, has a third of its pixels."""
    for instance in instances:
        if int(instance.InstanceNumber) == _CUT or instance.Modality != "CT":
            instance.PixelData = _even(instance.PixelData[: len(instance.PixelData) // 3])
        yield instance


def _garbage_pixels(instances: Iterable[FileDataset]) -> Iterator[FileDataset]:
    """Pixel data that calls itself JPEG 2000 and is noise."""
    for instance in instances:
        noise = np.random.default_rng(int(instance.InstanceNumber)).bytes(_GARBAGE_BYTES)
        instance.file_meta.TransferSyntaxUID = JPEG2000Lossless
        instance.PixelData = encapsulate([noise])
        instance["PixelData"].VR = "OB"
        yield instance


def _mixed_spacing(instances: Iterable[FileDataset]) -> Iterator[FileDataset]:
    for instance in instances:
        if int(instance.InstanceNumber) > _WIDER_FROM:
            instance.PixelSpacing = [float(value) * 1.5 for value in instance.PixelSpacing]
        yield instance


def _lying_rows(instances: Iterable[FileDataset]) -> Iterator[FileDataset]:
    """Every header promises four times the pixels that follow."""
    for instance in instances:
        instance.Rows = int(instance.Rows) * 4
        yield instance


def _wrong_modality(instances: Iterable[FileDataset]) -> Iterator[FileDataset]:
    """The object's class says one thing, Modality (0008,0060) another."""
    for instance in instances:
        instance.Modality = "MR"
        yield instance


def _even(data: bytes) -> bytes:
    """Values of DICOM elements have an even length (PS3.5 section 7.1.1)."""
    return data[: len(data) // 2 * 2]


_BREAKERS: dict[Damage, _Breaker] = {
    Damage.NONE: _whole,
    Damage.MISSING_SLICES: _missing_slices,
    Damage.REPEATED_SLICES: _repeated_slices,
    Damage.OUT_OF_ORDER: _out_of_order,
    Damage.CUT_PIXELS: _cut_pixels,
    Damage.GARBAGE_PIXELS: _garbage_pixels,
    Damage.MIXED_SPACING: _mixed_spacing,
    Damage.LYING_ROWS: _lying_rows,
    Damage.WRONG_MODALITY: _wrong_modality,
}
