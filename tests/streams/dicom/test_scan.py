"""The fast walk sees what pydicom sees, in either value representation, and never more of a file than it needs."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pydicom
import pytest
from pydicom import dcmwrite
from pydicom.dataset import Dataset
from pydicom.sequence import Sequence
from pydicom.uid import UID

from schemas.errors import BadDicom, PeerUnavailable
from streams.dicom import elements, explicit, fallback
from streams.dicom.scan import scan
from tests.streams.dicom.builders import image, noise, save

PIXELS = noise((8, 10))


def _rich(undefined_length: bool) -> Any:
    """An image with nested sequences, private groups and an icon whose own pixel data must not be taken."""
    dataset = image(PIXELS, (1.5, -2.25, 3.0), BitsStored=12, HighBit=11, PixelPaddingValue=-2000, WindowCenter=[1, 2])
    icon = Dataset()
    icon.Rows = icon.Columns = 4
    icon.add_new(0x7FE00010, "OB", b"\1" * 16)
    inner = Dataset()
    inner.CodeMeaning = "x" * 40
    outer = Dataset()
    outer.ConceptNameCodeSequence = Sequence([inner, inner])
    outer.is_undefined_length_sequence_item = undefined_length
    dataset.IconImageSequence = Sequence([icon])
    dataset.ContentSequence = Sequence([outer, outer])
    for sequence in (dataset["IconImageSequence"], dataset["ContentSequence"]):
        sequence.is_undefined_length = undefined_length
    dataset.private_block(0x0009, "TEST", create=True).add_new(1, "UN", b"\0" * 300)
    return dataset


@pytest.mark.parametrize("undefined_length", [False, True])
@pytest.mark.parametrize("syntax", ["1.2.840.10008.1.2.1", "1.2.840.10008.1.2"])
def test_walk_sees_what_pydicom_sees(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, syntax: str, undefined_length: bool
) -> None:
    monkeypatch.setattr(fallback, "walk", None)
    dataset, path = _rich(undefined_length), tmp_path / "rich.dcm"
    dataset.file_meta.TransferSyntaxUID = UID(syntax)
    dcmwrite(path, dataset, implicit_vr=syntax.endswith("1.2"), little_endian=True, force_encoding=True)
    header, reference = scan(path), pydicom.dcmread(path)
    assert header.sop_uid == reference.SOPInstanceUID
    assert header.position == tuple(reference.ImagePositionPatient)
    assert (header.rows, header.columns, header.bits_stored, header.padding) == (8, 10, 12, -2000)
    assert path.read_bytes()[header.pixel_offset :][: header.frame_bytes] == PIXELS.tobytes()


def test_fallback_gives_the_same_header(tmp_path: Path) -> None:
    path = save(image(PIXELS, (1, 2, 3), PixelPaddingValue=-5), tmp_path / "x.dcm")
    syntax, walk = fallback.walk(path, frozenset({0x00280120, 0x00200032, 0x00280010, 0x0020000D}))
    assert syntax == "1.2.840.10008.1.2.1"
    assert walk.values[0x00280120] == (-5).to_bytes(2, "little", signed=True)
    assert walk.values[0x00280010] == b"\x08\0"
    assert [float(part) for part in walk.values[0x00200032].split(b"\\")] == [1, 2, 3]


def test_a_header_longer_than_the_first_step_is_read(tmp_path: Path) -> None:
    dataset = image(PIXELS, (0, 0, 0))
    block = dataset.private_block(0x0009, "TEST", create=True)
    block.add_new(1, "OB", b"\0" * 600_000)
    assert scan(save(dataset, tmp_path / "long.dcm")).rows == 8


def test_remembered_steps_are_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(explicit, "_MAX_STEPS", 3)
    walker = explicit.ExplicitWalker(frozenset())
    data = b"".join(bytes([9, 0, n, 0]) + b"LO\2\0ab" for n in range(50))
    assert walker.walk(data, 0).values == {}
    assert len(walker._steps) == 3


@pytest.mark.parametrize("size", [1, 7, 11])
def test_a_tail_that_is_no_element_is_a_cut(size: int) -> None:
    walker = explicit.ExplicitWalker(frozenset())
    with pytest.raises(elements.NeedMore):
        walker.walk(b"\x09\0\1\0LO\2\0ab" + b"\x09\0\1\0OB\0\0\0\0\0\0"[:size], 0)


def test_unreadable_file_is_transient_and_names_no_path(tmp_path: Path) -> None:
    with pytest.raises(PeerUnavailable) as caught:
        scan(tmp_path / "SECRET-NAME.dcm")
    assert "SECRET" not in str(caught.value)


def test_errors_quote_no_value(tmp_path: Path) -> None:
    with pytest.raises(BadDicom) as caught:
        scan(save(image(PIXELS, (0, 0, 0), StudyInstanceUID="DOE^JANE"), tmp_path / "x.dcm"))
    assert "DOE" not in str(caught.value)
