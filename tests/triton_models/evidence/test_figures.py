"""The figures against counts made by hand."""

from __future__ import annotations

import math

import pytest

from schemas.findings import FindingState, Side
from tests.triton_models.evidence.builders import judged
from triton_models.evidence.cases import Label, Truth, as_row
from triton_models.evidence.figures import MEASURES, bootstrap, figures_of, grouped, predictive_values

YES, NO, UNSURE = FindingState.DETECTED, FindingState.NOT_DETECTED, FindingState.INDETERMINATE
FOUND, CLEAR = Label.POSITIVE, Label.NEGATIVE


def test_what_was_not_scored_counts_against_sensitivity_and_strict_specificity() -> None:
    cases = [
        judged(FOUND, YES, score=0.9), judged(FOUND, UNSURE), judged(FOUND, None), judged(FOUND, NO, score=0.2),
        judged(CLEAR, NO, score=0.1), judged(CLEAR, YES, score=0.8), judged(CLEAR, None), judged(CLEAR, UNSURE),
    ]  # fmt: skip
    figures = figures_of(cases)
    assert figures["sensitivity"] == 0.25
    assert figures["specificity"] == 0.75
    assert figures["specificity_strict"] == 0.25
    assert figures["unscored"] == 4
    assert figures["outcome_failed"] == 2
    assert figures["auroc"] == 0.75  # of 0.9 and 0.2 against 0.1 and 0.8: three of four pairs


def test_a_case_without_a_label_is_counted_and_nothing_else() -> None:
    figures = figures_of([judged(FOUND, YES, score=0.9), judged(CLEAR, NO, score=0.1), judged(Label.UNKNOWN, YES)])
    assert figures["unknown_cases"] == 1
    assert figures["specificity"] == 1.0
    assert figures["total"] == 3


def test_sides_are_judged_on_detected_positives_that_have_one() -> None:
    left = Truth(label=FOUND, side="left")
    cases = [
        judged(FOUND, YES, side=Side.LEFT, truth=left),
        judged(FOUND, YES, side=Side.RIGHT, truth=left),
        judged(FOUND, NO, truth=left),
        judged(FOUND, YES, side=Side.MIDLINE, truth=Truth(label=FOUND, side="midline")),
    ]
    assert figures_of(cases)["side_accuracy"] == 0.5


def test_diameters_are_compared_in_millimetres() -> None:
    truth = Truth(label=FOUND, diameter_mm=50.0)
    cases = [
        judged(FOUND, YES, truth=truth, diameter=(51.0, 49.0, 53.0)),
        judged(FOUND, YES, truth=truth, diameter=(46.0, 45.0, 47.0)),
        judged(FOUND, YES, truth=Truth(label=FOUND), diameter=(46.0, 45.0, 47.0)),
    ]
    figures = figures_of(cases)
    assert figures["mean_abs_error_mm"] == 2.5
    assert figures["within_2_5_mm"] == 0.5
    assert figures["interval_coverage"] == 0.5
    assert as_row(cases[0])["diameter_interval_mm"] == [49.0, 53.0]


def test_refusals_are_right_where_the_label_says_so() -> None:
    figures = figures_of([judged(Label.INDETERMINATE, UNSURE), judged(Label.INDETERMINATE, NO)])
    assert figures["indeterminate_right"] == 0.5
    assert figures["auroc"] is None


def test_groups_are_judged_apart() -> None:
    thin, thick = Truth(label=FOUND, groups={"slice": "thin"}), Truth(label=FOUND, groups={"slice": "thick"})
    found = grouped([judged(FOUND, YES, truth=thin), judged(FOUND, NO, truth=thick), judged(FOUND, YES, truth=thick)])
    assert found["slice"]["thin"]["sensitivity"] == 1.0
    assert found["slice"]["thick"]["sensitivity"] == 0.5


def test_the_interval_holds_the_value_and_narrows_with_cases() -> None:
    few = [judged(FOUND, YES if i % 4 else NO) for i in range(20)]
    low, high = bootstrap(few, MEASURES["sensitivity"])
    narrow = bootstrap(few * 10, MEASURES["sensitivity"])
    assert low < 0.75 < high
    assert narrow[1] - narrow[0] < high - low


def test_predictive_values_follow_bayes() -> None:
    found = predictive_values(0.9, 0.9, 0.1)
    assert found["ppv_at_prevalence"] == pytest.approx(0.5)
    assert found["npv_at_prevalence"] == pytest.approx(0.81 / 0.82, abs=1e-4)


def test_no_cases_give_no_figures() -> None:
    assert figures_of([])["sensitivity"] is None
    assert math.isnan(MEASURES["auroc"]([]))
