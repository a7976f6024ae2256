"""The diameter that an abdomen phantom says is the one that its voxels have."""

from __future__ import annotations

import numpy as np
import pytest

from tests.triton_models.builders import ABDOMEN_SAMPLING
from triton_models.phantoms.abdomen import AbdomenParameters, aorta_of, aorta_share, render_abdomen
from triton_models.phantoms.paint import Sampling
from triton_models.postprocessing.section import measure

CUBES = Sampling((170, 160, 160), (2.0, 2.0, 2.0))


@pytest.mark.parametrize("diameter", [35.0, 58.0, 80.0])
def test_the_widest_place_is_as_wide_as_asked(diameter: float) -> None:
    _, truth = render_abdomen(AbdomenParameters(3, diameter), ABDOMEN_SAMPLING)
    assert truth.max_diameter_mm == pytest.approx(diameter, abs=0.3)


@pytest.mark.parametrize("obliquity", [0.0, 20.0, 40.0])
def test_obliquity_does_not_change_the_measured_diameter(obliquity: float) -> None:
    share = aorta_share(AbdomenParameters(3, 60.0, obliquity_deg=obliquity), CUBES)
    found = measure(share, 2.0)
    assert found is not None
    assert float(found.major_mm[4:-4].max()) == pytest.approx(60.0, abs=2.0)


def test_a_normal_aorta_stays_below_aneurysm_size() -> None:
    assert all(render_abdomen(AbdomenParameters(s), ABDOMEN_SAMPLING)[1].max_diameter_mm < 30 for s in range(3))


def test_the_aorta_lies_before_the_spine() -> None:
    aorta = aorta_of(AbdomenParameters(5, 60.0))
    assert np.all(aorta.points_mm[:, 1] + aorta.radius_mm < 30.0)


def test_contrast_fills_the_lumen_and_not_the_thrombus() -> None:
    hu, truth = render_abdomen(
        AbdomenParameters(3, 70.0, thrombus=0.6, calcified=False, noise_hu=1.0), ABDOMEN_SAMPLING
    )
    at = [
        round((p - o) / s)
        for p, o, s in zip(truth.widest_lps_mm[::-1], truth.origin_lps_mm[::-1], truth.spacing_mm, strict=True)
    ]
    assert hu[at[0], at[1] + 1, at[2]] > 180
    assert hu[at[0], at[1] - 9, at[2]] < 100
