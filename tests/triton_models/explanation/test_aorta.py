"""The key image of an aorta shows the measured plane with the patient's left on the right."""

from __future__ import annotations

import numpy as np
import pytest

from tests.triton_models.builders import contract
from tests.triton_models.postprocessing.test_section import tube
from triton_models.explanation.aorta import key_image
from triton_models.explanation.key_image import AMBER, CYAN, MAX_SIDE, KeyImage
from triton_models.postprocessing import aorta
from triton_models.prepared import Prepared
from triton_models.volume import Volume

LOW_Z = -40.0


def drawn(diameter_mm: float, lean_deg: float = 0.0, *, left_hu: float = 0.0) -> tuple[KeyImage | None, np.ndarray]:
    share = tube(diameter_mm, lean_deg)
    hu = np.where(share > 0.5, 300.0, 0.0).astype(np.float32)
    hu[:, :, share.shape[2] // 2 + 12 :] += left_hu
    origin = (-share.shape[2] + 1.0, -share.shape[1] + 1.0, LOW_Z)
    facts = {
        "origin_x_mm": origin[0], "origin_y_mm": origin[1], "origin_z_mm": LOW_Z, "spacing_mm": 2.0,
        "low_z_mm": LOW_Z, "top_z_mm": LOW_Z + 2.0 * len(share), "hiatus_z_mm": LOW_Z + 2.0 * len(share),
    }  # fmt: skip
    prepared, outputs = Prepared({}, None, facts), {"probability": share[None, None]}
    finding = aorta.read(outputs, prepared, contract())
    return key_image(Volume(hu, (2.0, 2.0, 2.0), origin, (2.0, 2.0, 2.0), len(hu)), prepared, outputs, finding), share


def test_wall_and_diameter_are_drawn_and_told() -> None:
    image, _ = drawn(60.0)
    assert image is not None
    assert max(image.pixels.shape) <= MAX_SIDE
    assert all((image.pixels == colour).all(axis=2).any() for colour in (AMBER, CYAN))
    assert "60." in image.caption or "59." in image.caption
    assert "transverse slice" in image.caption


@pytest.mark.parametrize("lean_deg", [0.0, 20.0])
def test_the_plane_is_the_measured_one(lean_deg: float) -> None:
    image, _ = drawn(40.0, lean_deg)
    assert image is not None
    normal = np.array([image.facts[f"normal_{a}"] for a in "xyz"])
    assert np.degrees(np.arccos(abs(normal[2]))) == pytest.approx(lean_deg, abs=8.0)
    wall = np.asarray(image.arrays["wall_lps_mm"])
    centre = np.array([image.facts[f"plane_{a}_mm"] for a in "xyz"])
    assert np.abs((wall - centre) @ normal).max() < 0.1
    assert 2 * np.linalg.norm(wall - centre, axis=1).mean() == pytest.approx(40.0, abs=1.0)
    # Square to its course a leaning tube is a circle: it is as wide as it is deep in the resampled plane.
    bright = np.asarray(image.arrays["plane_hu"], np.int16) > 150
    assert bright.any(axis=0).sum() == pytest.approx(bright.any(axis=1).sum(), abs=2)


def test_the_patients_left_is_on_the_right_of_the_picture() -> None:
    image, _ = drawn(30.0, left_hu=200.0)
    assert image is not None
    plane = np.asarray(image.arrays["plane_hu"])
    assert plane[:, -20:].mean() > plane[:, :20].mean() + 50


def test_nothing_measured_gives_no_picture() -> None:
    empty = np.zeros((1, 1, 60, 96, 96), np.float32)
    facts = {"origin_x_mm": 0.0, "origin_y_mm": 0.0, "origin_z_mm": 0.0, "spacing_mm": 2.0, "hiatus_z_mm": 100.0,
             "low_z_mm": 0.0, "top_z_mm": 120.0}  # fmt: skip
    volume = Volume(empty[0, 0], (2.0, 2.0, 2.0), (0.0, 0.0, 0.0), (2.0, 2.0, 2.0), 60)
    prepared, outputs = Prepared({}, None, facts), {"probability": empty}
    finding = aorta.read(outputs, prepared, contract())
    assert key_image(volume, prepared, outputs, finding) is None
    assert key_image(volume, prepared, {}, finding) is None
