"""Figures of merit on cases whose answer is known by hand."""

from __future__ import annotations

import math

import numpy as np
import pytest

from triton_models.training.metrics import auroc, calibrate, rates, wilson


def test_auroc_counts_ties_half() -> None:
    scores, truth = np.array([0.1, 0.5, 0.5, 0.9]), np.array([False, False, True, True])
    assert auroc(scores, truth) == pytest.approx(0.875)
    assert math.isnan(auroc(scores, np.ones(4, bool)))


def test_an_indeterminate_case_counts_against_both() -> None:
    truth = np.array([True, True, False, False])
    found = rates(np.array([True, False, False, False]), np.array([False, False, True, False]), truth)
    assert (found["sensitivity"], found["specificity"], found["indeterminate"]) == (0.5, 0.5, 2)


def test_wilson_is_wide_for_few_and_full_for_none() -> None:
    assert wilson(0, 0) == (0.0, 1.0)
    low, high = wilson(5, 10)
    assert (round(low, 2), round(high, 2)) == (0.24, 0.76)


def test_calibration_orders_and_stays_finite_on_separable_data() -> None:
    found = calibrate(np.array([-3.0, -2.0, 2.0, 3.0]), np.array([False, False, True, True]))
    assert 0 < found.slope < 20
    assert abs(found.intercept) < 1.0


def test_calibration_stays_finite_where_few_positives_lie_far_above() -> None:
    raw = np.concatenate([np.linspace(-14, -9, 260), np.linspace(1, 3, 14)])
    found = calibrate(raw, np.arange(274) >= 260)
    assert 0 < found.slope < 20
    assert abs(found.intercept) < 200
