"""An aorta drawn by lot has the diameter that was asked for, whatever its course."""

from __future__ import annotations

import numpy as np
import pytest

from triton_models.phantoms.aneurysm import HIATUS_MM, STEP_MM, AneurysmParameters, Shape, aneurysm_of

BELOW_HIATUS = slice(0, int(HIATUS_MM / STEP_MM))


@pytest.mark.parametrize("shape", [Shape.FUSIFORM, Shape.SACCULAR])
@pytest.mark.parametrize("seed", range(4))
def test_the_widest_section_is_as_wide_as_asked(shape: Shape, seed: int) -> None:
    aorta = aneurysm_of(AneurysmParameters(seed, shape, 30.0 + 8 * seed, obliquity_deg=15.0 * seed))
    assert float(aorta.vessel.feret_mm[BELOW_HIATUS].max()) == pytest.approx(30.0 + 8 * seed, abs=0.05)
    assert aorta.diameter_mm == pytest.approx(30.0 + 8 * seed, abs=0.05)


@pytest.mark.parametrize("seed", range(6))
def test_a_normal_aorta_is_about_as_wide_as_its_base_and_wider_above_the_renal_arteries(seed: int) -> None:
    aorta = aneurysm_of(AneurysmParameters(seed, base_mm=20.0))
    assert 18.0 < aorta.diameter_mm < 25.0
    assert aorta.diameter_mm < float(aorta.vessel.feret_mm[BELOW_HIATUS].max())


def test_obliquity_is_reached() -> None:
    steepest = [
        float(aneurysm_of(AneurysmParameters(seed, obliquity_deg=55.0)).vessel.obliquity_deg[BELOW_HIATUS].max())
        for seed in range(8)
    ]
    assert max(steepest) > 45.0
    assert np.median(steepest) > 30.0


@pytest.mark.parametrize("seed", range(4))
def test_the_lumen_lies_inside_the_wall(seed: int) -> None:
    aorta = aneurysm_of(AneurysmParameters(seed, Shape.FUSIFORM, 60.0, thrombus=0.9))
    widest = aorta.widest
    assert aorta.lumen_mm[widest] < aorta.vessel.outer_mm[widest].mean()


def test_the_same_seed_gives_the_same_aorta() -> None:
    one, two = (aneurysm_of(AneurysmParameters(9, Shape.SACCULAR, 40.0)) for _ in range(2))
    assert np.array_equal(one.vessel.points_mm, two.vessel.points_mm)
    assert np.array_equal(one.vessel.outer_mm, two.vessel.outer_mm)


@pytest.mark.parametrize("seed", range(12))
def test_a_tortuous_aorta_passes_the_hiatus_where_every_aorta_does(seed: int) -> None:
    vessel = aneurysm_of(AneurysmParameters(seed, Shape.FUSIFORM, 50.0, obliquity_deg=60.0)).vessel
    x, z = vessel.points_mm[:, 0], vessel.points_mm[:, 2]
    assert abs(float(np.interp(HIATUS_MM, z, x))) < 30.0
    assert float(np.abs(x[z < HIATUS_MM]).max()) < 85.0


@pytest.mark.parametrize("seed", range(6))
def test_a_sac_is_about_as_long_as_it_stands_out(seed: int) -> None:
    aorta = aneurysm_of(AneurysmParameters(seed, Shape.SACCULAR, 60.0, base_mm=18.0))
    feret = aorta.vessel.feret_mm[BELOW_HIATUS]
    assert float((feret > 39.0).sum()) * STEP_MM > 0.6 * 42.0
