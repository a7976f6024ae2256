"""Says whether the slices of a stack leave a hole, from their positions alone.

Who calls it: readiness. It does not judge whether a volume may be built (that is the volume's geometry check,
which also sees orientation and spacing); it only asks whether something between first and last slice is missing.
"""

from __future__ import annotations

from collections.abc import Iterable
from itertools import pairwise
from statistics import median

# Two slices are distinct when they are this far apart: scanners round positions to 0.001 to 0.01 mm.
_SAME_POSITION_MM = 0.01
# A step longer than this many usual steps is a missing slice; tables wobble by a few percent, not by half a step.
_GAP_RATIO = 1.5
# Fewer slices give no usual step to compare with.
_MIN_SLICES = 3


def has_no_gap(positions_mm: Iterable[float]) -> bool:
    """Say whether the distinct positions (mm along the normal, any order) follow each other without a hole.

    Repeated positions, as of several phases in one series, count once. Fewer than three distinct positions
    prove nothing, and the answer is no.
    """
    distinct = _distinct(positions_mm)
    if len(distinct) < _MIN_SLICES:
        return False
    steps = [b - a for a, b in pairwise(distinct)]
    return max(steps) <= _GAP_RATIO * median(steps)


def _distinct(positions_mm: Iterable[float]) -> list[float]:
    kept: list[float] = []
    for position in sorted(positions_mm):
        if not kept or position - kept[-1] > _SAME_POSITION_MM:
            kept.append(position)
    return kept
