"""What balancing the view costs is seen, and intervals hold the figure."""

from __future__ import annotations

import numpy as np
import pytest

from tests.triton_models.builders import POINT
from triton_models.training.film_figures import at_point, auroc_interval, headline, view_balanced
from triton_models.training.films import Film

pytestmark = pytest.mark.train
LEVELS = np.zeros((8, 8), np.uint8)


def test_a_model_that_reads_the_view_loses_when_views_are_balanced() -> None:
    view = np.array(["AP"] * 9 + ["PA"] + ["AP"] + ["PA"] * 9)
    truth = np.arange(20) < 10
    by_view = (view == "AP").astype(np.float64)
    assert view_balanced(by_view, truth, view) == pytest.approx(0.5)


def test_the_interval_holds_the_area_and_has_some_width() -> None:
    rng = np.random.default_rng(1)
    truth = np.arange(80) < 30
    low, high = auroc_interval(rng.normal(0, 1, 80) + truth, truth)
    assert 0.5 < low < high < 1.0


def test_the_headline_keeps_children_and_adults_apart() -> None:
    films = [Film("children", n % 2 == 0, "AP", LEVELS) for n in range(8)]
    films += [Film("adults", n % 2 == 0, ("AP", "PA")[n // 4], LEVELS) for n in range(8)]
    raw = np.array([1.0, -1.0] * 4 + [-1.0, 1.0] * 4)
    found = headline(films, raw, POINT)
    assert (found["auroc_children"], found["auroc_adults"]) == (1.0, 0.0)
    assert at_point(raw[:8], np.arange(8) % 2 == 0, POINT)["sensitivity"] == 1.0
