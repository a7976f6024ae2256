"""Growth is rapid only beyond the error of measuring."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import numpy as np
import pytest

from triton_models.postprocessing.aaa_growth import Dated, growth_of

START = datetime(2024, 1, 1, tzinfo=UTC)


def dated(days: float, diameter: float, sigma: float = 0.8) -> Dated:
    return Dated(START + timedelta(days=days), diameter, sigma)


def test_the_rate_and_its_interval_follow_from_two_scans() -> None:
    growth = growth_of([dated(0, 40.0, 1.0), dated(365.25, 46.0, 1.0)])
    assert growth is not None
    assert growth.mm_per_year == pytest.approx(6.0)
    assert growth.high - growth.mm_per_year == pytest.approx(1.96 * 2**0.5, rel=1e-6)
    assert not growth.rapid


@pytest.mark.parametrize(("grown", "rapid"), [(10.0, False), (12.3, True)])
def test_the_lower_bound_must_pass_ten_millimetres_a_year(grown: float, rapid: bool) -> None:
    growth = growth_of([dated(0, 40.0), dated(365.25, 40.0 + grown)])
    assert growth is not None
    assert growth.rapid is rapid


def test_an_unchanged_aorta_is_hardly_ever_called_growing() -> None:
    rng = np.random.default_rng(1)
    calls = [
        growth_of([dated(0, 45 + rng.normal(0, 2), 2.0), dated(182, 45 + rng.normal(0, 2), 2.0)]) for _ in range(4000)
    ]
    assert sum(call is not None and call.rapid for call in calls) / 4000 <= 0.01


def test_more_scans_narrow_the_interval() -> None:
    two = growth_of([dated(0, 40), dated(700, 44)])
    five = growth_of([dated(d, 40 + d * 4 / 700) for d in (0, 175, 350, 525, 700)])
    assert two is not None
    assert five is not None
    assert five.high - five.low < two.high - two.low


@pytest.mark.parametrize("scans", [[], [dated(0, 40)], [dated(0, 40), dated(20, 45)]])
def test_one_scan_or_two_close_ones_tell_no_growth(scans: list[Dated]) -> None:
    assert growth_of(scans) is None
