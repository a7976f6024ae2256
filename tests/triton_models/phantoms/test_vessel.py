"""A vessel's sections, and where places in space lie relative to it."""

from __future__ import annotations

import numpy as np
import pytest

from triton_models.phantoms.vessel import ANGLES, Vessel, depth_mm, nearness, vessel_along
from triton_models.starshape import widths


def leaning(degrees: float, radius: float = 10.0) -> Vessel:
    along = np.arange(0.0, 200.0, 2.0)
    points = np.stack([np.sin(np.deg2rad(degrees)) * along, 0 * along, np.cos(np.deg2rad(degrees)) * along], axis=1)
    return vessel_along(points, np.full((len(along), ANGLES), radius), 2.0)


def test_a_circle_is_as_wide_in_every_direction() -> None:
    assert widths(np.full((1, 72), 11.0)) == pytest.approx(22.0, abs=0.05)


def test_an_oval_has_its_own_widest_direction() -> None:
    theta = 2 * np.pi * np.arange(72) / 72
    ellipse = 1 / np.sqrt((np.cos(theta) / 20) ** 2 + (np.sin(theta) / 10) ** 2)
    found = widths(ellipse[None])[0]
    assert (found.argmax(), found.argmin()) == (0, 18)
    assert (found.max(), found.min()) == pytest.approx((40.0, 20.0), abs=0.1)


@pytest.mark.parametrize("degrees", [0.0, 30.0, 60.0])
def test_depth_is_measured_square_to_the_course(degrees: float) -> None:
    vessel = leaning(degrees)
    middle = vessel.points_mm[50]
    aside = np.array([middle + 4.0 * vessel.across[50], middle + 15.0 * vessel.along[50]], np.float32)
    assert depth_mm(vessel, nearness(vessel, aside)) == pytest.approx([6.0, -5.0], abs=0.05)


def test_beyond_its_ends_nothing_is_inside() -> None:
    vessel = leaning(0.0)
    below = np.array([[0.0, 0.0, -4.0]], np.float32)
    assert depth_mm(vessel, nearness(vessel, below))[0] < 0


def test_a_course_that_bends_within_its_own_width_is_eased() -> None:
    z = np.arange(0.0, 200.0, 2.0)
    zigzag = np.stack([20 * np.sign(np.sin(z / 12)), 0 * z, z], axis=1)
    vessel = vessel_along(zigzag, np.full((len(z), ANGLES), 15.0), 2.0)
    turn = np.linalg.norm(np.gradient(vessel.tangents, axis=0), axis=1) / 2.0
    assert float(turn[3:-3].max()) * 15.0 < 1.0
