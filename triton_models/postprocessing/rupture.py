"""Signs of rupture risk beyond size: a sac on one side, and dense fluid beside the aorta.

Called by ``postprocessing.aorta`` for what it has measured. Both are rules of geometry and grey value, chosen on
phantoms; they may raise the urgency of a detected aneurysm and must never detect or exclude one.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from triton_models.postprocessing.section import Sections

# A sac is short for its width, and leaves the line between the healthy ends of the vessel.
_SHORT, _ASIDE = 0.9, 0.15
_HEALTHY_SHARE, _HEALTHY_REACH_MM, _END_MM = 0.2, 120.0, 8.0
# Blood that left a vessel within hours: denser than muscle without contrast, thinner than an enhanced vessel.
_BLOOD_HU = (45.0, 95.0)
# On one side, 50 mm up and down, between wall and flank, from the middle of the aorta backwards.
FLUID_ML = 115.0
_NEAR_MM, _FAR_MM, _FRONT_MM, _BACK_MM, _ALONG_MM = 4.0, 40.0, -8.0, 60.0, 50.0
_LEAST_VOXELS = 8


@dataclass(frozen=True, slots=True)
class Signs:
    """What was seen.

    Attributes:
        saccular: the widening bulges to one side.
        fluid_ml: tissue as dense as fresh blood beside the aorta, on the fuller side; 0 where nothing was looked at.
    """

    saccular: bool
    fluid_ml: float

    @property
    def bleeding(self) -> bool:
        """More dense tissue than muscles and bowel explain."""
        return self.fluid_ml >= FLUID_ML


def is_saccular(sections: Sections, at: int) -> bool:
    """Tell whether the widening around section ``at`` bulges to one side within a short piece of the vessel."""
    step, major = sections.course.step_mm, sections.major_mm
    healthy = float(np.quantile(major[: at + int(_HEALTHY_REACH_MM / step)], _HEALTHY_SHARE))
    wide = major > (healthy + major[at]) / 2
    low, high = at, at
    while low > 0 and wide[low - 1]:
        low -= 1
    while high < len(wide) - 1 and wide[high + 1]:
        high += 1
    length = (high - low + 1) * step
    return bool(length < _SHORT * major[at] and _aside_mm(sections, at, low, high) > _ASIDE * major[at])


def _aside_mm(sections: Sections, at: int, low: int, high: int) -> float:
    """How far the middle of a section lies from the line between the sections where the widening ends."""
    points, more = sections.course.points_mm, round(_END_MM / sections.course.step_mm)
    first, last = max(low - more, 0), min(high + more, len(points) - 1)
    part = (at - first) / max(last - first, 1)
    offset = points[at] - (1 - part) * points[first] - part * points[last]
    way = sections.course.tangents[at]
    return float(np.linalg.norm(offset - (offset @ way) * way))


def fluid_ml(hu: NDArray[np.float32], inside: NDArray[np.bool_], slice_at: int, spacing_mm: float) -> float:
    """Volume of tissue as dense as fresh blood beside the aorta near slice ``slice_at``, on the fuller side.

    Args:
        hu: axes z,y,x.
        inside: voxels of the aorta.
        slice_at: slice of the widest place.
        spacing_mm: of the cubic voxels.
    """
    reach = round(_ALONG_MM / spacing_mm)
    found = np.zeros(2)
    for z in range(max(slice_at - reach, 0), min(slice_at + reach + 1, len(hu))):
        if int(inside[z].sum()) >= _LEAST_VOXELS:
            calm = cv2.blur(hu[max(z - 1, 0) : z + 2].mean(axis=0), (3, 3))
            found += _dense_sides(calm, inside[z], spacing_mm)
    return float(found.max()) * spacing_mm**3 / 1000.0


def _dense_sides(plane: NDArray[np.float32], aorta: NDArray[np.bool_], spacing_mm: float) -> NDArray[np.float64]:
    """Voxels as dense as blood to the patient's right and left of the aorta in one slice."""
    rows, columns = np.nonzero(aorta)
    away = cv2.distanceTransform((~aorta).astype(np.uint8), cv2.DIST_L2, 5) * spacing_mm
    back = (np.arange(plane.shape[0]) - rows.mean())[:, None] * spacing_mm
    zone = (away > _NEAR_MM) & (away < _FAR_MM) & (back > _FRONT_MM) & (back < _BACK_MM)
    dense = zone & (plane > _BLOOD_HU[0]) & (plane < _BLOOD_HU[1])
    left = np.arange(plane.shape[1])[None, :] > columns.mean()
    return np.array([(dense & ~left).sum(), (dense & left).sum()], np.float64)
