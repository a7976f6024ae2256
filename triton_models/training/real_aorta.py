"""The real abdomens of the data folder, for judging only: nothing is trained or calibrated on them.

A non-contrast abdomen and pelvis of 3 mm whose mask covers its upper 90 mm, twenty contrast slices with a mask, and a
chest angiogram cut close around the aorta (TotalSegmentator's test data, Apache-2.0).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import nibabel
import numpy as np
import pydicom
from numpy.typing import NDArray

from triton_models.phantoms.regrid import regrid
from triton_models.postprocessing.section import Sections, measure
from triton_models.preprocessing import aorta
from triton_models.volume import PAD_HU, Volume

_FOLDER = Path("abdomen") / "totalsegmentator"
# Class number of the aorta in TotalSegmentator's 117 classes.
_AORTA = 52
_WHOLE = 1000.0
# The mask of the plain abdomen lies this many slices above the image's lowest: the two files share an origin, but the
# mask's grey values are those of one vessel (spread 15 HU) only here.
_MASK_FROM = 82


@dataclass(frozen=True, slots=True)
class RealScan:
    """A real scan on the pathway's grid; ``share`` is its aorta mask on the same grid, or None; ``seen`` where it says.

    Attributes:
        expected: what the pathway may answer.
    """

    name: str
    volume: Volume
    share: NDArray[np.float32] | None
    expected: tuple[str, ...]

    @property
    def masked_z_mm(self) -> tuple[float, float]:
        """Lowest and highest z of the mask, in LPS."""
        inside = np.flatnonzero((self.share > 0.5).any(axis=(1, 2))) if self.share is not None else np.zeros(0, int)  # noqa: PLR2004 - half of a voxel
        z0, dz = self.volume.origin_lps_mm[2], self.volume.spacing_mm[0]
        return (z0 + dz * float(inside[0]), z0 + dz * float(inside[-1])) if inside.size else (0.0, 0.0)

    def mask_sections(self) -> Sections | None:
        """Measure the mask as the model's answer is measured."""
        return None if self.share is None else measure(self.share, self.volume.spacing_mm[0])


def real_scans(data: Path) -> Iterator[RealScan]:
    """Read the scans; the folder must be there."""
    yield _plain_abdomen(data / _FOLDER)
    yield _contrast_slices(data / _FOLDER)
    yield _chest(data / _FOLDER)


def real_files(data: Path) -> list[Path]:
    """The files that ``real_scans`` reads."""
    folder = data / _FOLDER
    models = folder / "aorta_report" / "test_result" / "models"
    named = [folder / "example_ct.nii.gz", folder / "example_seg.nii.gz", folder / "example_seg_dicom.nii.gz"]
    return [*named, models / "ct_cropped.nii.gz", *sorted((folder / "example_ct_dicom").iterdir())]


def _plain_abdomen(folder: Path) -> RealScan:
    hu, spacing = _nifti(folder / "example_ct.nii.gz")
    part, _ = _nifti(folder / "example_seg.nii.gz")
    mask = np.zeros(hu.shape, np.float32)
    mask[_MASK_FROM : _MASK_FROM + len(part)] = part == _AORTA
    return _scan("plain abdomen and pelvis, 3 mm", hu, mask, spacing, ("not_detected",))


def _contrast_slices(folder: Path) -> RealScan:
    slices = sorted(
        (pydicom.dcmread(path) for path in (folder / "example_ct_dicom").iterdir()),
        key=lambda d: float(d.ImagePositionPatient[2]),
    )
    first = slices[0]
    hu = np.stack([s.pixel_array * float(s.RescaleSlope) + float(s.RescaleIntercept) for s in slices])
    step = float(slices[1].ImagePositionPatient[2]) - float(first.ImagePositionPatient[2])
    mask, _ = _nifti(folder / "example_seg_dicom.nii.gz")
    spacing = (step, float(first.PixelSpacing[0]), float(first.PixelSpacing[1]))
    expected = ("indeterminate", "not_detected")
    return _scan("twenty contrast slices, 2 mm", hu.astype(np.float32), mask == _AORTA, spacing, expected)


def _chest(folder: Path) -> RealScan:
    hu, spacing = _nifti(folder / "aorta_report" / "test_result" / "models" / "ct_cropped.nii.gz")
    return _scan("chest angiogram, cut close, 1.5 mm", hu, None, spacing, ("not_applicable", "indeterminate"))


def _nifti(path: Path) -> tuple[NDArray[np.float32], tuple[float, float, float]]:
    """Read a volume with axes z,y,x to superior, posterior and left."""
    image = nibabel.funcs.as_closest_canonical(nibabel.load(path))
    values = np.asarray(image.dataobj, np.float32)[::-1, ::-1].transpose(2, 1, 0)
    x, y, z = (float(v) for v in image.header.get_zooms()[:3])
    return np.ascontiguousarray(values), (z, y, x)


def _scan(
    name: str, hu: NDArray[np.float32], mask: NDArray[np.generic] | None, spacing: tuple[float, float, float],
    expected: tuple[str, ...],
) -> RealScan:  # fmt: skip
    held = np.maximum(hu, PAD_HU + 1)
    volume = regrid(held, aorta.GRID, spacing_mm=spacing, origin_lps_mm=(0.0, 0.0, 0.0))
    if mask is None:
        return RealScan(name, volume, None, expected)
    scaled = mask.astype(np.float32) * np.float32(_WHOLE)
    share = regrid(scaled, aorta.GRID, spacing_mm=spacing, origin_lps_mm=(0.0, 0.0, 0.0)).hu
    return RealScan(name, volume, np.clip(share / _WHOLE, 0.0, 1.0).astype(np.float32), expected)
