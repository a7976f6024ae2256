"""The abdomens of the classes are what their names say, and always the same."""

from __future__ import annotations

import numpy as np

from triton_models.phantoms.abdomen_classes import AbdomenClass, scanned_abdomen


def test_a_class_is_the_same_scan_at_each_call() -> None:
    first, second = scanned_abdomen(AbdomenClass.SMALL), scanned_abdomen(AbdomenClass.SMALL)
    assert np.array_equal(first.hu, second.hu)
    assert abs(first.diameter_mm - 35.0) < 0.2


def test_blood_is_drawn_and_a_truncated_scan_is_short() -> None:
    truncated, normal = scanned_abdomen(AbdomenClass.TRUNCATED), scanned_abdomen(AbdomenClass.NORMAL)
    assert len(truncated.hu) < 0.6 * len(normal.hu)
    assert normal.diameter_mm < 26.0
    assert not normal.contrast
