"""The one real head of the data folder, a scan without contrast: the model must not be asked about it.

Its slices lie 4.2 and 7.4 mm apart in one series, which the DICOM layer rightly refuses as a volume; here each slice
of the grid takes the nearest image, so that preprocessing can be judged on real bone.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
from pydicom import dcmread

from triton_models.phantoms.regrid import regrid
from triton_models.prepared import Prepared
from triton_models.preprocessing import stroke

_FOLDER = Path("head") / "dcm_qa_ct" / "ge_tilted_head"


def plain_head(data: Path | None) -> Prepared | None:
    """Prepare the head, or None where the data folder lacks it."""
    files = sorted((data / _FOLDER).glob("*.dcm")) if data else []
    if not files:
        return None
    images = sorted((dcmread(path) for path in files), key=lambda image: float(image.ImagePositionPatient[2]))
    height = np.array([float(image.ImagePositionPatient[2]) for image in images])
    hu = np.stack([i.pixel_array * float(i.RescaleSlope) + float(i.RescaleIntercept) for i in images])
    wanted = np.arange(height[0], height[-1], 1.0)
    nearest = np.abs(wanted[:, None] - height[None, :]).argmin(axis=1)
    pixel_mm = float(images[0].PixelSpacing[0])
    volume = regrid(
        hu[nearest].astype(np.float32),
        stroke.GRID,
        spacing_mm=(1.0, pixel_mm, pixel_mm),
        origin_lps_mm=(0.0, 0.0, float(height[0])),
    )
    return stroke.prepare(volume)
