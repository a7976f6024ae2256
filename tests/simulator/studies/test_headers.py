"""Headers hold what PS3.3 requires of each kind of image (Type 1: present with a value, Type 2: present)."""

from __future__ import annotations

import pytest
from pydicom.dataset import FileDataset

from schemas.ids import is_uid
from simulator.render import Order, render
from simulator.specs import AbdomenCt, ChestFilm, FilmModality, HeadCt, KneeCt, Spec

# PS3.3 C.7.1.1, C.7.2.1, C.7.3.1, C.7.5.1, C.7.6.1, C.12.1.
GENERAL_1 = ("StudyInstanceUID", "SeriesInstanceUID", "SOPClassUID", "SOPInstanceUID", "Modality", "ImageType")
GENERAL_2 = (
    "PatientName", "PatientID", "PatientBirthDate", "PatientSex", "StudyDate", "StudyTime", "ReferringPhysicianName",
    "StudyID", "AccessionNumber", "SeriesNumber", "Manufacturer", "InstanceNumber",
)  # fmt: skip
# PS3.3 C.7.6.3.
PIXELS_1 = (
    "SamplesPerPixel", "PhotometricInterpretation", "Rows", "Columns", "BitsAllocated", "BitsStored", "HighBit",
    "PixelRepresentation", "PixelData",
)  # fmt: skip
# PS3.3 C.7.4.1, C.7.6.2, C.8.2.1.
CT_1 = (
    "FrameOfReferenceUID", "PixelSpacing", "ImageOrientationPatient", "ImagePositionPatient", "RescaleIntercept",
    "RescaleSlope",
)  # fmt: skip
CT_2 = ("PositionReferenceIndicator", "SliceThickness", "KVP", "AcquisitionNumber")
# PS3.3 C.8.11.1 to C.8.11.4.
DX_1 = (
    "PresentationIntentType", "ImageLaterality", "PixelIntensityRelationship", "PixelIntensityRelationshipSign",
    "RescaleType", "PresentationLUTShape", "LossyImageCompression", "BurnedInAnnotation", "ImagerPixelSpacing",
    "WindowCenter", "WindowWidth", "PatientOrientation",
)  # fmt: skip
DX_2 = ("AnatomicRegionSequence", "AcquisitionContextSequence", "DetectorType")
# PS3.3 C.8.1.1.
CR_2 = ("BodyPartExamined", "ViewPosition")

KINDS: list[tuple[Spec, tuple[str, ...], tuple[str, ...]]] = [
    (HeadCt(), CT_1, CT_2),
    (AbdomenCt(), CT_1, CT_2),
    (KneeCt(), CT_1, CT_2),
    (ChestFilm(rows=128), DX_1, DX_2),
    (ChestFilm(rows=128, modality=FilmModality.CR), (), CR_2),
]


def _ends(spec: Spec) -> list[FileDataset]:
    """The first and the last instance of a study: a localizer and a slice, or a film."""
    instances = list(render(Order(seed=1, number=2, spec=spec)))
    return [instances[0], instances[-1]]


@pytest.mark.parametrize(("spec", "type_1", "type_2"), KINDS)
def test_required_attributes(spec: Spec, type_1: tuple[str, ...], type_2: tuple[str, ...]) -> None:
    for instance in _ends(spec):
        assert [word for word in (*GENERAL_1, *PIXELS_1, *type_1) if instance.get(word) in (None, "", [])] == []
        assert [word for word in (*GENERAL_2, *type_2) if word not in instance] == []


@pytest.mark.parametrize("spec", [kind[0] for kind in KINDS])
def test_every_instance_says_that_it_is_synthetic(spec: Spec) -> None:
    for instance in _ends(spec):
        assert instance.SyntheticData == "YES"
        assert instance.ImageComments.startswith("SYNTHETIC")
        assert instance.StudyDescription.startswith("SYNTHETIC")
        assert str(instance.PatientName).startswith("SYNTHETIC")


def test_uids_are_uids_and_never_repeat() -> None:
    instances = list(render(Order(seed=1, number=3, spec=KneeCt())))
    uids = [str(instance.SOPInstanceUID) for instance in instances]
    assert all(is_uid(uid) for uid in uids)
    assert len(set(uids)) == len(uids)
    assert {instance.SeriesInstanceUID for instance in instances}.isdisjoint(uids)


def test_contrast_is_named_only_where_it_was_given() -> None:
    with_contrast, plain = (_ends(HeadCt(contrast=given))[1] for given in (True, False))
    assert with_contrast.ContrastBolusAgent
    assert "ContrastBolusAgent" not in plain


def test_order_priority_stands_in_every_instance() -> None:
    order = Order(seed=1, number=2, spec=ChestFilm(rows=128), priority="STAT")
    assert {instance.RequestedProcedurePriority for instance in render(order)} == {"STAT"}
