"""A short bulge to one side is a sac, an even widening is none; dense tissue beside the aorta is measured."""

from __future__ import annotations

import numpy as np
import pytest

from schemas.findings import Finding, Urgency
from tests.triton_models.builders import contract
from tests.triton_models.postprocessing.test_aorta import FACTS
from triton_models.postprocessing import aorta
from triton_models.postprocessing.rupture import FLUID_ML, fluid_ml, is_saccular
from triton_models.postprocessing.section import measure
from triton_models.prepared import Prepared
from triton_models.preprocessing.aorta import WINDOW_HU
from triton_models.preprocessing.crop import to_uint8

SHAPE = (90, 112, 112)
MIDDLE = 45


def vessel(sac_mm: float = 0.0, even_mm: float = 0.0) -> np.ndarray:
    """A tube of 20 mm, with a ball beside it or a spindle around it."""
    z, y, x = (np.arange(n, dtype=np.float64) for n in SHAPE)
    way = 2.0 * np.hypot(y[:, None] - 56, x[None, :] - 56)
    radius = 10.0 + even_mm * np.exp(-0.5 * ((z - MIDDLE) * 2 / 25.0) ** 2)
    tube = (radius[:, None, None] - way[None]) / 2.0 + 0.5
    away = np.sqrt((z[:, None, None] - MIDDLE) ** 2 + (y[None, :, None] - 46) ** 2 + (x[None, None, :] - 56) ** 2)
    ball = (sac_mm - 2.0 * away) / 2.0 + 0.5 if sac_mm else tube
    return np.clip(np.maximum(tube, ball), 0, 1).astype(np.float32)


@pytest.mark.parametrize(("sac_mm", "even_mm", "expected"), [(22.0, 0.0, True), (0.0, 17.0, False), (0.0, 0.0, False)])
def test_only_a_short_bulge_to_one_side_is_a_sac(sac_mm: float, even_mm: float, expected: bool) -> None:
    sections = measure(vessel(sac_mm, even_mm), 2.0)
    assert sections is not None
    assert is_saccular(sections, int(sections.major_mm[4:-4].argmax()) + 4) is expected


def test_dense_tissue_is_counted_on_its_side_only() -> None:
    inside = vessel() > 0.5
    hu = np.full(SHAPE, -100.0, np.float32)
    assert fluid_ml(hu, inside, MIDDLE, 2.0) == 0.0
    hu[MIDDLE - 20 : MIDDLE + 20, 58:70, 66:76] = 60.0
    assert fluid_ml(hu, inside, MIDDLE, 2.0) == pytest.approx(38 * 10 * 8 * 8e-3, rel=0.1)
    hu[MIDDLE - 20 : MIDDLE + 20, 58:70, 66:76] = 200.0
    assert fluid_ml(hu, inside, MIDDLE, 2.0) < 20.0


def finding(share: np.ndarray, blood_ml: float = 0.0) -> Finding:
    hu = np.full(SHAPE, -100.0, np.float32)
    if blood_ml:
        hu[MIDDLE - 25 : MIDDLE + 25, 58:80, 62:90] = 60.0
    volume = to_uint8(hu, *WINDOW_HU)[None, None]
    return aorta.read({"probability": share[None, None]}, Prepared({"volume": volume}, None, FACTS), contract())


def test_blood_beside_an_aneurysm_is_an_emergency_and_a_sac_is_urgent() -> None:
    bleeding = finding(vessel(even_mm=15.0), blood_ml=200.0)
    assert (bleeding.urgency, aorta.BLEEDING in bleeding.reason) == (Urgency.EMERGENCY, True)
    beside = bleeding.measurement("dense_tissue_beside_ml")
    assert beside is not None
    assert beside.value > FLUID_ML
    sac = finding(vessel(sac_mm=24.0))
    assert (sac.urgency, aorta.SACCULAR in sac.reason) == (Urgency.URGENT, True)


def test_without_signs_size_alone_decides() -> None:
    assert finding(vessel(even_mm=15.0)).urgency is Urgency.ROUTINE


def test_blood_beside_a_normal_aorta_raises_nothing() -> None:
    assert finding(vessel(), blood_ml=200.0).urgency is Urgency.ROUTINE
