"""Enhanced multi-frame CT: one instance with many frames becomes one header per frame.

Geometry and rescale of an enhanced image stand in its functional groups (PS3.3 C.7.6.16), shared or per frame; pydicom
reads them, as such an instance is one file and not four hundred. The volume reader calls ``frames_of``.
"""

from __future__ import annotations

import dataclasses
from typing import Final

import pydicom
from pydicom.dataset import Dataset

from schemas.errors import BadDicom, UnsuitableSeries
from streams.dicom.fallback import PARSER_FAILURES
from streams.dicom.header import Header

ENHANCED_CT: Final = "1.2.840.10008.5.1.4.1.1.2.1"
_SHARED, _PER_FRAME = 0x52009229, 0x52009230


def frames_of(header: Header) -> list[Header]:
    """Return one header per frame; a single-frame image is its own.

    Raises:
        BadDicom: the functional groups are absent, short or unreadable.
        UnsuitableSeries: a multi-frame image of a class without functional groups.
    """
    if header.sop_class_uid != ENHANCED_CT:
        if header.frames != 1:
            raise UnsuitableSeries("multi-frame image without functional groups", reason="multi_frame")
        return [header]
    try:
        dataset = pydicom.dcmread(header.path, stop_before_pixels=True, specific_tags=[_SHARED, _PER_FRAME])
        shared = dataset.SharedFunctionalGroupsSequence[0]
        groups = list(dataset.PerFrameFunctionalGroupsSequence)
        if len(groups) != header.frames:
            raise BadDicom(f"{len(groups)} functional groups for {header.frames} frames", reason="functional_groups")
        return [_frame(header, index, group, shared) for index, group in enumerate(groups)]
    except PARSER_FAILURES as error:
        raise BadDicom(
            f"functional groups cannot be read ({type(error).__name__})", reason="functional_groups"
        ) from None


def _frame(header: Header, index: int, group: Dataset, shared: Dataset) -> Header:
    plane = _macro("PlanePositionSequence", group, shared)
    orientation = _macro("PlaneOrientationSequence", group, shared)
    measures = _macro("PixelMeasuresSequence", group, shared)
    rescale = _macro("PixelValueTransformationSequence", group, shared)
    slope = float(rescale.RescaleSlope)
    if slope == 0:
        raise BadDicom("RescaleSlope is 0", reason="bad_rescale")
    return dataclasses.replace(
        header,
        frame=index,
        position=tuple(map(float, plane.ImagePositionPatient)),
        orientation=tuple(map(float, orientation.ImageOrientationPatient)),
        pixel_spacing=tuple(map(float, measures.PixelSpacing)),
        slope=slope,
        intercept=float(rescale.RescaleIntercept),
    )


def _macro(keyword: str, group: Dataset, shared: Dataset) -> Dataset:
    """Find a functional group macro: the frame's own, or the shared one."""
    holder = group if keyword in group else shared
    item: Dataset = holder[keyword].value[0]
    return item
